// Plays a stream twice at once: to `baseline scan`, call by call, and live, as spans of programs that send to a sidecar.
import { Scan } from '../../collector/src/baseline/scan.ts';
import { secondsOf } from '../baselines/calls.ts';
import type { Violation } from '../baselines/score.ts';
import type { StreamSpec } from '../baselines/stream.ts';
import { type Layout, Programs } from './programs.ts';
import { Sidecar } from './sidecar.ts';
import { VirtualTime } from './virtual-time.ts';

export interface Played {
  /** Of `scan` told until when to learn, of `scan` that is not told, as nobody tells a sidecar, and of the sidecar. */
  readonly told: readonly Violation[];
  readonly scan: readonly Violation[];
  readonly live: readonly Violation[];
  readonly spans: { readonly counted: number; readonly late: number };
}

/** A sidecar begins when it likes, so that its seconds are not those of the stream. */
const BEGINS_WITHIN_MS = 1000;

export async function play(spec: StreamSpec, layout: Layout): Promise<Played> {
  const time = new VirtualTime(spec.baseMs - (spec.seed % BEGINS_WITHIN_MS));
  return time.asTimers(() => playIn(time, spec, layout));
}

async function playIn(time: VirtualTime, spec: StreamSpec, layout: Layout): Promise<Played> {
  const { baseMs, learnMs, endMs, seasonMs, seed, hasTicks, isFine, ops } = spec;
  const [told, scan]: [Violation[], Violation[]] = [[], []];
  const meta = { seasonMs, endMs: baseMs + endMs };
  const scans = [
    new Scan({ ...meta, learnUntilMs: baseMs + learnMs }, (said) => told.push(said)),
    new Scan(meta, (said) => scan.push(said)),
  ];
  const sidecar = new Sidecar(time, { seasonMs, seed });
  const programs = new Programs(layout, seed, time, (body) => sidecar.take(body));
  await sidecar.start();
  for (const second of secondsOf(spec)) {
    for (const { op, endMs: ms, durationMs: exact, isError } of second.calls) {
      const timeMs = isFine ? Math.round((baseMs + ms) * 1000) / 1000 : baseMs + Math.floor(ms);
      const durationMs = Math.round(exact * 1000) / 1000;
      const name = ops[op]?.name ?? '';
      for (const each of scans) each.take({ timeMs, operation: name, durationMs, isError });
      if (time.hasDue(timeMs)) await time.pass(timeMs);
      time.set(timeMs);
      programs.call({ op, name, timeMs, durationMs, isError });
    }
    if (hasTicks) for (const each of scans) each.take({ timeMs: baseMs + second.endMs });
  }
  for (const each of scans) each.end();
  await time.pass(baseMs + endMs);
  await sidecar.stop();
  return { told, scan, live: sidecar.said, spans: sidecar.spans };
}
