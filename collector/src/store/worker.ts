// The store's thread: owns the file, answers the main thread. Errors become replies; a damaged file is set aside, and
// only where no new one can take its place does the thread end.
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { TracesAnswer } from '../web/api.ts';
import type { LongQuestion, Removed, ShortQuestion, StoreReply, StoreRequest, StoreWorkerData } from './contract.ts';
import { DecisionBlocks } from './decision-blocks.ts';
import { foreignFile, isBroken, setAside, TraceRing } from './sqlite.ts';
import { ForeignFile } from './state-file.ts';
import { StateThread } from './state-thread.ts';
import type { Turns } from './turns.ts';

assert(parentPort !== null, 'the store worker runs as a thread');
const port = parentPort;
const say = (reply: StoreReply): void => port.postMessage(reply);
const data = workerData as StoreWorkerData;
let isClosed = false;

let ring: TraceRing;

try {
  ring = openRing();
  const decisions = new DecisionBlocks(data.path, data.decisionBytes, data.seed);
  const state = new StateThread(data.path, (error) => say({ kind: 'state_lost', message: messageOf(error) }));
  port.on('message', (request: StoreRequest) => serve({ decisions, state }, request));
  say({ kind: 'open', traces: ring.traces, bytes: ring.bytes, decisions: decisions.held });
} catch (error) {
  const foreign = error instanceof ForeignFile ? error.file : foreignFile(data.path, error);
  say({ kind: 'unusable', message: messageOf(error), ...(foreign === undefined ? {} : { foreign }) });
}

/** Opens the ring, anew where its file is damaged. */
function openRing(): TraceRing {
  try {
    return new TraceRing(data);
  } catch (error) {
    if (!isBroken(error)) throw error;
    return beginAnew(error);
  }
}

/** Begins anew where an error says that the ring's file is damaged. */
function mend(error: unknown): void {
  if (!isBroken(error) || isClosed) return;
  ring.close();
  ring = beginAnew(error);
}

function beginAnew(error: unknown): TraceRing {
  setAside(data.path);
  const empty = new TraceRing(data);
  say({ kind: 'ring_lost', message: messageOf(error), traces: empty.traces, bytes: empty.bytes });
  return empty;
}

/** What the ring gave up while something was done to it. @param added by that */
function removedBy(change: () => void, added: Removed): Removed {
  const { traces, bytes } = ring;
  change();
  return { count: traces + added.count - ring.traces, bytes: bytes + added.bytes - ring.bytes };
}

/** Undefined where the ring cannot be read either. */
function overdue(nowMs: number): number | undefined {
  try {
    return ring.overdueTraces(nowMs);
  } catch {
    return undefined;
  }
}

interface Files {
  readonly decisions: DecisionBlocks;
  readonly state: StateThread;
}

function serve({ decisions, state }: Files, request: StoreRequest): void {
  if (request.kind === 'keep') {
    const { traces, nowMs } = request;
    const sizeBytes = traces.body.length;
    try {
      const added = { count: traces.reasons.length - traces.late.length, bytes: sizeBytes };
      const removed = removedBy(() => ring.keep(traces, nowMs), added);
      say({ kind: 'kept', sizeBytes, traces: ring.traces, bytes: ring.bytes, removed });
    } catch (error) {
      say({ kind: 'failed', sizeBytes, lost: traces.reasons.length, message: messageOf(error) });
      mend(error);
    }
    // Freed at once: garbage is seldom collected here, and these bytes are most of it.
    traces.body.buffer.transfer(0);
    return;
  }
  if (request.kind === 'make_room') {
    try {
      const removed = removedBy(() => ring.makeRoom(request.nowMs), { count: 0, bytes: 0 });
      say({ kind: 'room_made', traces: ring.traces, bytes: ring.bytes, removed });
    } catch (error) {
      say({ kind: 'room_failed', message: messageOf(error), overdue: overdue(request.nowMs) });
      mend(error);
    }
    return;
  }
  if (request.kind === 'keep_decisions') {
    try {
      const removed = decisions.keep(request.block);
      say({ kind: 'decisions_kept', decisions: decisions.held, removed });
    } catch (error) {
      const lost = request.block.count;
      say({ kind: 'decisions_failed', lost, message: messageOf(error), decisions: decisions.held });
    }
    request.block.records.transfer(0);
    return;
  }
  if (request.kind === 'decisions_lost') {
    decisions.lost();
    return say({ kind: 'decisions_loss_noted', decisions: decisions.held });
  }
  if (request.kind === 'close') {
    isClosed = true;
    ring.close();
    decisions.close();
    state.close();
    say({ kind: 'closed' });
    port.close();
    return;
  }
  if (request.kind === 'long') return void answerInTurns(request.id, turnsOf(request.question));
  const { id, question } = request;
  try {
    say({ kind: 'answer', id, value: shortAnswer({ decisions, state }, question) });
  } catch (error) {
    say({ kind: 'refused', id, message: messageOf(error) });
    if (question.kind === 'kept_by') mend(error);
  }
}

function shortAnswer({ decisions, state }: Files, question: ShortQuestion): unknown {
  if (question.kind === 'decision') return decisions.find(question.traceId);
  return question.kind === 'kept_by' ? ring.keptBy(question.traceId) : state.answer(question);
}

type Json = Uint8Array<ArrayBuffer> | undefined;

function* turnsOf(question: LongQuestion): Turns<Json> {
  if (question.kind === 'get') return yield* ring.get(question.traceId);
  const traces = yield* ring.list(question.query);
  return new TextEncoder().encode(JSON.stringify({ traces } satisfies TracesAnswer));
}

/** Lets what has come meanwhile be served between two turns; given up where the store closes or the ring is lost. */
async function answerInTurns(id: number, turns: Turns<Json>): Promise<void> {
  const asked = ring;
  try {
    for (;;) {
      const { done, value } = turns.next();
      if (done === true)
        return port.postMessage(
          { kind: 'answer', id, value } satisfies StoreReply,
          value === undefined ? [] : [value.buffer],
        );
      await nextTurn();
      if (isClosed) return;
      if (ring !== asked) throw new Error('the ring was damaged and has begun anew; ask again');
    }
  } catch (error) {
    say({ kind: 'refused', id, message: messageOf(error) });
    mend(error);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
