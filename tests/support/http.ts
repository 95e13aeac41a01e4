// A plain HTTP client for tests: says exactly what it sends, answers exactly what came back.
import { type Agent, type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { SecureContextOptions } from 'node:tls';

/** What a server answered. */
export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The connection had served a request before. */
  readonly reused: boolean;
}

export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Sends the body in pieces without saying its length. */
  readonly chunked?: boolean;
  /** What a client of an https address trusts and shows. */
  readonly tls?: SecureContextOptions;
  /** One connection a request unless given. */
  readonly agent?: Agent;
}

/** Sends one request. An answer that comes before the body is sent whole counts all the same. */
export function send(
  url: string,
  { method = 'GET', headers = {}, body, chunked, agent, tls }: Sent = {},
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const length = body === undefined || chunked === true ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    let answered = false;
    const start = url.startsWith('https:') ? httpsRequest : httpRequest;
    const request = start(url, { method, headers: { ...length, ...headers }, agent: agent ?? false, ...tls });
    request.once('response', (response) => {
      answered = true;
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const { statusCode = 0, headers: answeredHeaders } = response;
        const { reusedSocket: reused } = request;
        resolve({ status: statusCode, headers: answeredHeaders, body: Buffer.concat(chunks), reused });
      });
    });
    // A server that refuses half-way closes the connection under the rest of the body.
    request.on('error', (error) => {
      if (!answered) reject(error);
    });
    if (chunked === true && body !== undefined) {
      const half = Math.ceil(body.length / 2);
      request.write(body.slice(0, half));
      request.end(body.slice(half));
    } else request.end(body);
  });
}

/** Posts a body. */
export function post(url: string, body: Uint8Array | string, headers: Record<string, string> = {}): Promise<Answered> {
  return send(url, { method: 'POST', body, headers: { 'content-type': 'application/x-protobuf', ...headers } });
}

/** Writes bytes as they are to a server and answers everything it says until it closes the connection. */
export function talk(url: string, text: string | Uint8Array): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.on('data', (data: Buffer) => (heard += data.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () => resolve(heard));
  });
}
