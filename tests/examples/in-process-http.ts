// HTTP without a network: a real server and a real client over a pair of streams in memory.
import { createServer, type IncomingMessage, request, type RequestListener } from 'node:http';
import { duplexPair } from 'node:stream';
import { text } from 'node:stream/consumers';

export interface Reply {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** The body as JSON; throws when it is none. */
  json(): unknown;
}

/** Sends one request to a listener (an Express app is one); a body is sent as JSON, a string as it is. */
export async function send(
  listener: RequestListener,
  target: string,
  body?: unknown,
  extraHeaders: Record<string, string> = {},
): Promise<Reply> {
  const [method, path] = target.split(' ');
  const [clientSide, serverSide] = duplexPair();
  createServer(listener).emit('connection', serverSide);
  const headers = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...extraHeaders };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request({ createConnection: () => clientSide, method, path, headers }, resolve);
    outgoing.on('error', reject);
    outgoing.end(typeof body === 'string' || body === undefined ? body : JSON.stringify(body));
  });
  const content = await text(response);
  return { status: response.statusCode, headers: response.headers, text: content, json: () => JSON.parse(content) };
}
