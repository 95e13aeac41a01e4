// The store's thread: owns the file, answers the main thread. Errors become replies; only a broken file ends it.
import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import type { StoreReply, StoreRequest, StoreWorkerData } from './contract.ts';
import { TraceRing } from './sqlite.ts';

assert(parentPort !== null, 'the store worker runs as a thread');
const port = parentPort;
const say = (reply: StoreReply): void => port.postMessage(reply);

try {
  const ring = new TraceRing(workerData as StoreWorkerData);
  port.on('message', (request: StoreRequest) => serve(ring, request));
  say({ kind: 'open', traces: ring.traces, bytes: ring.bytes });
} catch (error) {
  say({ kind: 'unusable', message: messageOf(error) });
}

function serve(ring: TraceRing, request: StoreRequest): void {
  if (request.kind === 'keep') {
    const sizeBytes = request.traces.reduce((sum, trace) => sum + trace.body.length, 0);
    try {
      ring.keep(request.traces, request.nowMs);
      say({ kind: 'kept', sizeBytes, traces: ring.traces, bytes: ring.bytes });
    } catch (error) {
      say({ kind: 'failed', sizeBytes, lost: request.traces.length, message: messageOf(error) });
    }
    return;
  }
  if (request.kind === 'close') {
    ring.close();
    say({ kind: 'closed' });
    port.close();
    return;
  }
  try {
    const value = request.kind === 'list' ? ring.list(request.query) : ring.get(request.traceId);
    say({ kind: 'answer', id: request.id, value });
  } catch (error) {
    say({ kind: 'refused', id: request.id, message: messageOf(error) });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
