// Runs one test of a configuration: the real intake and sampler, with time that moves as the test says.
import { createHash } from 'node:crypto';
import { createHost } from '../pipeline/host.ts';
import { ManualClock } from '../pipeline/manual-clock.ts';
import { Telemetry } from '../pipeline/telemetry.ts';
import type { Config } from '../config/schema.ts';
import { tracesFromJson } from '../otlp/json.ts';
import { TraceIntake } from '../receive/trace-intake.ts';
import { sample, type SampleStage } from '../sample/stage.ts';
import { arrivalsOf } from './arrivals.ts';
import { unmet } from './expectation.ts';
import type { ScenarioTest } from './format.ts';

/** Room for whatever a test sends: only `max_pending` and the like decide early. */
const MAX_ARENA_BYTES = 2 ** 40;
/** Beyond the longest wait: hard caps hold traces for up to a second, and decisions are taken in steps. */
const SETTLE_MS = 3000;

type SampleConfig = Exclude<Config['sample'], false>;

/**
 * Runs a test.
 *
 * @param config of the whole sidecar; what exporters do does not matter here
 * @returns what was expected and did not come about, in words; empty where the test passes
 */
export async function runTest(config: Config, test: ScenarioTest): Promise<string[]> {
  if (config.sample === false) return ['sample is switched off, so every trace is kept and there is nothing to test'];
  const { arrivals, traceIds } = arrivalsOf(test);
  const clock = new ManualClock();
  const random = sequence();
  const stage = sampleStage(config.sample, clock, random);
  const intake = new TraceIntake({
    unsampled: config.sources.unsampled,
    dimensions: [],
    duplicateWindowMs: 0,
    maxArenaBytes: MAX_ARENA_BYTES,
    random,
  });
  await stage.start();
  for (const { atMs, body } of arrivals) {
    clock.advance(atMs - clock.monotonicMs());
    const bytes = tracesFromJson(body);
    intake.take([bytes], bytes.length, clock.nowMs(), clock.monotonicMs());
    if (intake.batch.rejected > 0) return ['a span is not sound: its id is zero, or its text is no text'];
    await stage.consume(intake.batch);
  }
  clock.advance(longestWaitMs(config.sample) + SETTLE_MS);
  const problems: string[] = [];
  for (const [trace, expected] of Object.entries(test.expect)) {
    const answers = await Promise.all([...(traceIds.get(trace) ?? [])].map((id) => stage.why(id)));
    problems.push(...unmet(expected, answers).map((problem) => `${trace}: ${problem}`));
  }
  await stage.stop();
  return problems;
}

function longestWaitMs({ decision_wait, waits }: SampleConfig): number {
  return Math.max(decision_wait, ...waits.map((wait) => wait.decision_wait ?? 0));
}

function sampleStage(config: SampleConfig, clock: ManualClock, random: () => number): SampleStage {
  const telemetry = new Telemetry();
  telemetry.declare(sample.name, sample.instruments);
  const host = createHost<keyof typeof sample.instruments>(sample.name, { clock, telemetry, random, log: () => {} });
  return sample.create(config, host, { consume: async () => {} });
}

/** Numbers in [0, 1), the same in every run. */
function sequence(): () => number {
  let i = 0;
  return () => createHash('sha256').update(String(i++)).digest().readUInt32LE() / 2 ** 32;
}
