// Which call a caller was waiting for at each moment: the path that had to be shorter for the whole to be shorter.
import type { Call } from './trace-tree.ts';

/**
 * Takes a piece of the path: `call` itself was what took `lengthMs`, and then called `next`; undefined where nothing
 * below it came after.
 */
export type TakePiece = (call: Call, next: Call | undefined, lengthMs: number) => void;

/**
 * Walks from the end of a call to its beginning, always into the child that ended last. Of concurrent children the later
 * ones hide the earlier, as far as they overlap. The pieces add up to the length of the call.
 *
 * @see Eder, Tech, Liu, Shen and Zhang 2022, CRISP: critical path analysis of large-scale microservice architectures,
 * section 3; unlike there, an overlapped child keeps the part before the later one began
 */
export function walkCriticalPath(root: Call, take: TakePiece): void {
  const waiting: { readonly call: Call; readonly fromMs: number; readonly toMs: number }[] = [
    { call: root, fromMs: root.fromMs, toMs: root.toMs },
  ];
  for (let piece = waiting.pop(); piece !== undefined; piece = waiting.pop()) {
    const { call, fromMs, toMs } = piece;
    let atMs = toMs;
    let next: Call | undefined;
    for (const child of call.children.toSorted((a, b) => b.toMs - a.toMs)) {
      const startMs = Math.max(fromMs, child.fromMs);
      if (startMs >= atMs) continue;
      const endMs = Math.min(atMs, child.toMs);
      if (endMs <= startMs) continue;
      take(call, next, atMs - endMs);
      waiting.push({ call: child, fromMs: startMs, toMs: endMs });
      atMs = startMs;
      next = child;
    }
    take(call, next, atMs - fromMs);
  }
}
