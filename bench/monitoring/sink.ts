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
      server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
    }),
  requests: () => requests,
} satisfies SinkMethods);
