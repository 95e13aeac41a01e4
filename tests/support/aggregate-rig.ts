// A stage of aggregation with its surroundings: points go in as they arrive, what comes out is gathered.
import { aggregateConfig } from '../../collector/src/aggregate/config.ts';
import { aggregateInstruments } from '../../collector/src/aggregate/instruments.ts';
import { aggregate } from '../../collector/src/aggregate/stage.ts';
import type { DataPoint, MetricBatch } from '../../collector/src/model/data-point.ts';
import { POINTS_BEGAN_MS } from './data-points.ts';
import { lineOf, pointOf } from './point-text.ts';
import { testHost } from './test-host.ts';

/** An `aggregate` block, or what one of its rules is beside its name. */
export type AggregateSettings = Readonly<Record<string, unknown>>;

/** The stage by its block, begun at 0s of the points' time. */
export async function aggregateRig(block: AggregateSettings) {
  const { host, clock, read, counts } = testHost('aggregate', aggregateInstruments);
  clock.advance(POINTS_BEGAN_MS - clock.nowMs());
  const batches: MetricBatch[] = [];
  const stage = aggregate.create(aggregateConfig.parse(block), host, {
    consume: async (batch) => {
      batches.push(batch);
    },
  });
  stage.ownInstance = [
    ['host.name', 'here'],
    ['service.instance.id', 'sidecar:1'],
  ];
  await stage.start();
  let taken = 0;
  const advanceTo = (seconds: number): void => {
    const ms = POINTS_BEGAN_MS + seconds * 1000 - clock.nowMs();
    if (ms > 0) clock.advance(ms);
  };
  return {
    stage,
    batches,
    advanceTo,
    nowSeconds: () => (clock.nowMs() - POINTS_BEGAN_MS) / 1000,
    take: async (...points: DataPoint[]) => {
      taken += points.length;
      await stage.consume({ signal: 'metrics', points });
    },
    out: () => batches.flatMap(({ points }) => points),
    counts: () => {
      const dropped = counts('dropped');
      const all = Object.values(dropped).reduce((sum, count) => sum + count, 0);
      const [passed, absorbed, held] = [read('passed'), read('absorbed'), read('held')];
      return {
        passed,
        absorbed,
        held,
        dropped,
        emitted: read('emitted'),
        unfit: read('unfit'),
        overflow: read('overflow'),
        series: read('series'),
        balanced: taken === passed + absorbed + held + all,
      };
    },
  };
}

/**
 * Runs one rule over lines of points. A line may say when it comes, as in `+70s requests counter 5 @50s`; else it comes at
 * its time, or with the line before it where that is later. `stop` as the last line stops the stage.
 *
 * @returns lines of what came out until long after the last, without those of ends of series
 */
export async function aggregated(rule: AggregateSettings, input: string, block: AggregateSettings = {}) {
  const rig = await aggregateRig({ ...block, rules: [{ name: 'rule', ...rule }] });
  const lines = linesOf(input);
  for (const line of lines) {
    if (line === 'stop') {
      await rig.stage.stop();
      break;
    }
    const [, comes, text = ''] = /^(?:\+([\d.]+)s )?(.*)$/.exec(line) ?? [];
    const point = pointOf(text);
    rig.advanceTo(Number(comes ?? (point.timeMs - POINTS_BEGAN_MS) / 1000));
    await rig.take(point);
  }
  if (lines.at(-1) !== 'stop') rig.advanceTo(rig.nowSeconds() + 3600);
  const out = rig.out().filter(({ hasNoValue }) => !hasNoValue);
  return { lines: out.map(lineOf), points: out, counts: rig.counts(), rig };
}

/** Lines without what surrounds them. */
export function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
