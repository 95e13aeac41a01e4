// Each object is instrumented once, by whichever copy of the package, and can be let go again.
import { diag } from '@opentelemetry/api';
import { attempt } from './readings.ts';

/** Takes back one thing that was done to an object. */
export type Undo = () => void;

const SLOT = Symbol.for('evenkeel.instrumented');
const SPAN_SLOT = Symbol.for('evenkeel.instrumented.span');
const slots = globalThis as { [SLOT]?: WeakMap<object, Map<string, Undo[]>>; [SPAN_SLOT]?: { isOpen: boolean } };
const claims = (slots[SLOT] ??= new WeakMap());
const ownSpan = (slots[SPAN_SLOT] ??= { isOpen: false });

/**
 * Instruments an object once; whatever happens, the object comes back and nothing is thrown.
 *
 * @param kind what is instrumented of it; one object may be of several kinds
 * @param start answers what takes back what it did, or undefined where it does not know the object
 */
export function claim<T extends object>(
  kind: string,
  target: T,
  start: (target: T) => (Undo | undefined)[] | undefined,
): T {
  try {
    let kinds = claims.get(target);
    if (kinds?.has(kind) === true) return target;
    if (kinds === undefined) claims.set(target, (kinds = new Map()));
    // Claimed first: what fails half way must not be begun again.
    kinds.set(kind, []);
    const undos = start(target)?.filter((undo) => undo !== undefined);
    if (undos === undefined) {
      kinds.delete(kind);
      diag.warn(`@evenkeel/sdk cannot tell what kind of ${kind} it was given, so it is not observed.`);
    } else kinds.set(kind, undos);
  } catch (error) {
    diag.warn(`@evenkeel/sdk could not observe a ${kind}.`, error);
  }
  return target;
}

/** Whether an object is instrumented so. */
export function isClaimed(kind: string, target: object): boolean {
  return claims.get(target)?.has(kind) === true;
}

/** Does at once what has a span already, and what is no part of such a call. What a library publishes then needs none. */
export function withOwnSpan<T>(isOpen: boolean, work: () => T): T {
  const before = ownSpan.isOpen;
  ownSpan.isOpen = isOpen;
  try {
    return work();
  } finally {
    ownSpan.isOpen = before;
  }
}

export function hasOwnSpan(): boolean {
  return ownSpan.isOpen;
}

/**
 * Stops observing an object that `instrumentPool` or another of these functions was given, and gives it its methods back.
 *
 * Needed only for what is to go on without: an object that is no longer used is forgotten by itself.
 */
export function uninstrument(target: object): void {
  const kinds = attempt(() => claims.get(target));
  if (kinds === undefined) return;
  claims.delete(target);
  for (const undos of kinds.values()) for (const undo of undos.toReversed()) attempt(undo);
}
