// Live events of a run over a WebSocket, `ws://…/runs/1/events`: each as JSON, then the connection is closed.
import type { IncomingMessage, Server } from 'node:http';
import { instrumentWebSocket } from '@evenkeel/sdk';
import { type WebSocket, WebSocketServer } from 'ws';
import type { RunEvent, Runs } from '../runs/runs.ts';

const PATH = /^\/runs\/(\w{1,20})\/events$/;

/** Nobody has to say anything here. */
const MAX_MESSAGE_BYTES = 1024;

/** Codes of the end. @see RFC 6455, section 7.4.1 */
const NORMAL = 1000;
const INTERNAL_ERROR = 1011;

/** Serves events of runs beside an HTTP API. The returned server's `clients` are to be ended before the HTTP server ends. */
export function serveRunEvents(server: Server, runs: Runs): WebSocketServer {
  const events = instrumentWebSocket(new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES }), {
    name: 'run-events',
    connectionSpans: true,
  });
  server.on('upgrade', (request, socket, head) => {
    if (runOf(request) === '') return void socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n');
    events.handleUpgrade(request, socket, head, (client) => events.emit('connection', client, request));
  });
  events.on('connection', (client, request) => void send(client, runs.follow(runOf(request))));
  return events;
}

/** Id of the run in a path; empty where there is none. */
function runOf({ url = '' }: IncomingMessage): string {
  return PATH.exec(url)?.[1] ?? '';
}

async function send(client: WebSocket, events: AsyncIterable<RunEvent>): Promise<void> {
  // What a client did wrong ends its connection and nothing else.
  client.on('error', () => client.terminate());
  try {
    for await (const event of events) {
      if (client.readyState !== client.OPEN) return;
      client.send(JSON.stringify(event));
    }
    client.close(NORMAL);
  } catch (error) {
    client.close(INTERNAL_ERROR, error instanceof Error ? error.message : '');
  }
}
