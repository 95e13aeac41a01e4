// A program that takes OTLP/HTTP and counts requests.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '../peers/child.ts';

export type SinkMethods = {
  /** @returns the URL */
  listen(argument: undefined): Promise<string>;
  requests(argument: undefined): number;
};

let requests = 0;

serve({
  listen: () =>
    new Promise<string>((resolve) => {
      const server = createServer((request, response) => {
        requests++;
        request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
      });
      // Whoever pushes may pause for longer than the runtime's 5 s, and meet a connection that just then is closed.
      server.keepAliveTimeout = 0;
      server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
    }),
  requests: () => requests,
} satisfies SinkMethods);
