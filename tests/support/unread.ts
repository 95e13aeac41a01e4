// A reader that asks and does not read.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { eventually } from './eventually.ts';

/** More than the sockets of a machine take, so that it waits in the process that sends it. */
export const UNREAD_BYTES = 24_000_000;

export interface Unread {
  readonly status: number;
  /** Paused. */
  readonly response: IncomingMessage;
  isCut(): boolean;
  close(): void;
}

/** Asks for an answer and reads nothing of its body. */
export function openUnread(url: string): Promise<Unread> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { agent: false }, (response) => {
      let isCut = false;
      response.pause();
      response.once('error', () => (isCut = true));
      const { statusCode: status = 0 } = response;
      resolve({ status, response, isCut: () => isCut, close: () => request.destroy() });
    });
    request.on('error', reject);
    request.end();
  });
}

/** Reads on until the connection is found cut. */
export async function untilCut({ response, isCut }: Unread): Promise<void> {
  response.resume();
  await eventually('the connection to be cut', isCut);
}
