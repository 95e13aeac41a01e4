// What to do about added time, in one sentence that names the operation, its service and the numbers it rests on.
import { type AddedTime, CallGrowth } from './added-time.ts';
import type { OperationTotals, PathProfile } from './path-profile.ts';
import type { OperationName } from './trace-tree.ts';

/** Names come from spans: longer ones are cut. */
const MAX_NAME = 80;

/** An operation as its Subject is named: service, then span name. */
export function operationText({ service, name }: OperationName): string {
  return `${plain(service)} ${plain(name)}`.trim();
}

/** Writes the sentence. @param cause of the added time between the two profiles */
export function recommend(cause: AddedTime, rootKey: string, before: PathProfile, during: PathProfile): string {
  const growth = new CallGrowth(rootKey, before, during);
  const is = during.operations.get(cause.key);
  if (is === undefined) return '';
  const what = nameText(is.operation);
  const other = during.operations.get(cause.otherKey ?? '')?.operation;
  const parent = during.operations.get(growth.parentOf(cause.key) ?? rootKey)?.operation ?? is.operation;
  const [was, now] = growth.ratesOf(cause.key);
  const often = `${what} is called ${times(now.calls)} times a call of ${quoted(parent.name)} instead of ${times(was.calls)}`;
  switch (cause.kind) {
    case 'repeated_calls':
      return `${often}: ${allAtOnce(is)}`;
    case 'more_calls':
      return `${often}: look at what makes its caller ask again`;
    case 'retries': {
      const { repeats, failedRepeats } = growth.edgeOf(cause.key) ?? { repeats: 1, failedRepeats: 0 };
      const failing = `${percent(failedRepeats / repeats)} of the calls before the last fail${errorText(is)}`;
      return `${often}, and ${failing}: find out why it fails, and retry fewer times, with growing pauses`;
    }
    case 'errors': {
      const fails = `${what} fails in ${percent(now.errorRatio)} of its calls instead of ${percent(was.errorRatio)}${errorText(is)}`;
      const instead = other === undefined ? '' : `, and ${nameText(other)} is called in its place`;
      return `${fails}${instead}: find out why it fails`;
    }
    case 'cache_loss': {
      const there = `${what} is part of ${percent(now.presence)} of the calls of ${quoted(parent.name)} instead of ${percent(was.presence)}`;
      return `${there}: look at the cache in front of it (flushed, too small, too short a lifetime), or at the change that added the call`;
    }
    case 'waiting': {
      const [wasMs, isMs] = [before, during].map((profile) => waitMs(profile, cause));
      const whom = other === undefined ? 'its next call' : quoted(other.name);
      return `${what} waits ${millis(isMs)} a call before ${whom} instead of ${millis(wasMs)}: look for a used-up pool, a queue or a lock, then at its own code there`;
    }
    case 'own_code': {
      const [wasMs, isMs] = [before, during].map((profile) => selfMs(profile.operations.get(cause.key)));
      return `${what} spends ${millis(isMs)} a call in its own code instead of ${millis(wasMs)}, outside of every child span: profile it, and look at what was changed in it`;
    }
    case 'slow_service': {
      const service = plain(is.operation.service) || 'its service';
      return `${cause.operations ?? 0} operations of ${service}, which ${what} leads into, add ${millis(cause.addedMs)} together: look at what they share, as its processor, memory, garbage collection and host`;
    }
    case 'slow_dependency': {
      const hasChildren = (during.edges.get(cause.key)?.size ?? 0) > 0;
      const [wasMs, isMs] = [before, during].map(({ operations }) => eachMs(operations.get(cause.key), hasChildren));
      const itself = hasChildren ? ' outside of its own children' : '';
      return `${what} takes ${millis(isMs)} a call instead of ${millis(wasMs)}${itself}: ${lookAt(is)}`;
    }
  }
}

/** Milliseconds for people. */
export function millis(lengthMs: number): string {
  if (lengthMs >= 9_950) return `${Math.round(lengthMs / 1000)} s`;
  if (lengthMs >= 995) return `${(lengthMs / 1000).toFixed(1)} s`;
  return lengthMs >= 9.95 ? `${Math.round(lengthMs)} ms` : `${Number(lengthMs.toFixed(1))} ms`;
}

/** A ratio for people. */
export function percent(ratio: number): string {
  return `${Number((ratio * 100).toFixed(ratio < 0.1 ? 1 : 0))} %`;
}

function allAtOnce({ namespaces }: OperationTotals): string {
  if (namespaces.has('db')) return 'fetch the rows of all in one query';
  if (namespaces.has('gen_ai')) return 'ask once, or remember the answer';
  return 'ask for all in one call, or for several at a time';
}

function lookAt({ namespaces, operation }: OperationTotals): string {
  if (namespaces.has('db')) return 'look at its plan, its indexes and what holds its locks';
  if (namespaces.has('gen_ai')) return 'look at the model, the length of prompt and answer, and limits of the provider';
  return `look at the load and the latest change of ${plain(operation.service) || 'what it calls'}`;
}

/** The kind of error seen most, in brackets. */
function errorText({ errorTypes }: OperationTotals): string {
  const [most] = [...errorTypes].sort(([, a], [, b]) => b - a);
  return most === undefined ? '' : ` (${quoted(most[0])})`;
}

function eachMs(totals: OperationTotals | undefined, hasChildren: boolean): number {
  if (totals === undefined || totals.calls === 0) return 0;
  return hasChildren ? selfMs(totals) : totals.durationMs / totals.calls;
}

function selfMs(totals: OperationTotals | undefined): number {
  if (totals === undefined || totals.calls === 0) return 0;
  let sumMs = totals.ownMs;
  for (const gapMs of totals.gapMs.values()) sumMs += gapMs;
  return sumMs / totals.calls;
}

function waitMs({ operations }: PathProfile, { key, otherKey = '' }: AddedTime): number {
  const totals = operations.get(key);
  return totals === undefined || totals.calls === 0 ? 0 : (totals.gapMs.get(otherKey) ?? 0) / totals.calls;
}

function nameText({ service, name }: OperationName): string {
  return plain(service) === '' ? quoted(name) : `${quoted(name)} of ${plain(service)}`;
}

function quoted(text: string): string {
  return `\`${plain(text)}\``;
}

/** On one line, without what would end a quotation. */
function plain(text: string): string {
  const line = text.replace(/[\s\p{Cc}`]+/gu, ' ').trim();
  return line.length > MAX_NAME ? `${line.slice(0, MAX_NAME - 1)}…` : line;
}

function times(count: number): string {
  return `${Number(count.toFixed(count < 10 ? 1 : 0))}`;
}
