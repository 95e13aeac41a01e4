// The store's thread: owns the file, answers the main thread. Errors become replies; only a broken file ends it.
import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import type { StoreReply, StoreRequest, StoreWorkerData } from './contract.ts';
import { DecisionBlocks } from './decision-blocks.ts';
import { TraceRing } from './sqlite.ts';

assert(parentPort !== null, 'the store worker runs as a thread');
const port = parentPort;
const say = (reply: StoreReply): void => port.postMessage(reply);

try {
  const data = workerData as StoreWorkerData;
  const ring = new TraceRing(data);
  const decisions = new DecisionBlocks(data.path, data.decisionBytes, data.seed);
  port.on('message', (request: StoreRequest) => serve(ring, decisions, request));
  say({ kind: 'open', traces: ring.traces, bytes: ring.bytes, decisions: decisions.held });
} catch (error) {
  say({ kind: 'unusable', message: messageOf(error) });
}

function serve(ring: TraceRing, decisions: DecisionBlocks, request: StoreRequest): void {
  if (request.kind === 'keep') {
    const { traces, nowMs } = request;
    const sizeBytes = traces.body.length;
    try {
      ring.keep(traces, nowMs);
      say({ kind: 'kept', sizeBytes, traces: ring.traces, bytes: ring.bytes });
    } catch (error) {
      say({ kind: 'failed', sizeBytes, lost: traces.reasons.length, message: messageOf(error) });
    }
    // Freed at once: garbage is seldom collected here, and these bytes are most of it.
    traces.body.buffer.transfer(0);
    return;
  }
  if (request.kind === 'keep_decisions') {
    try {
      decisions.keep(request.block);
      say({ kind: 'decisions_kept', decisions: decisions.held });
    } catch (error) {
      const lost = request.block.count;
      say({ kind: 'decisions_failed', lost, message: messageOf(error), decisions: decisions.held });
    }
    return;
  }
  if (request.kind === 'decisions_lost') {
    decisions.lost();
    return say({ kind: 'decisions_loss_noted', decisions: decisions.held });
  }
  if (request.kind === 'close') {
    ring.close();
    decisions.close();
    say({ kind: 'closed' });
    port.close();
    return;
  }
  try {
    say({ kind: 'answer', id: request.id, value: answer(ring, decisions, request) });
  } catch (error) {
    say({ kind: 'refused', id: request.id, message: messageOf(error) });
  }
}

type StoreQuestion = Extract<StoreRequest, { kind: 'list' | 'get' | 'decision' }>;

function answer(ring: TraceRing, decisions: DecisionBlocks, request: StoreQuestion): unknown {
  if (request.kind === 'list') return ring.list(request.query);
  return request.kind === 'get' ? ring.get(request.traceId) : decisions.find(request.traceId);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
