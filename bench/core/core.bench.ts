// The whole core in one process against protobufjs 7 that only decodes the same bodies, pass by pass in turn.
import { Request7 } from '../../tests/support/otlp-schema.ts';
import { cpuSeconds, type Figure, summary } from '../figure.ts';
import { Dataset } from './dataset.ts';
import { Core, NaivePipeline } from './pipelines.ts';

const BODIES = 160;
const WARM_UP_PASSES = 4;
const PASSES = 15;
/** The naive pipeline is slow and only informs. */
const NAIVE_PASSES = 3;

/** design.md, section 7. */
const GATE_RATIO = 4;
const HELD_RATIO = 1.15;
const HELD_EXTRA_BYTES = 32;

export async function run(): Promise<Figure[]> {
  const data = new Dataset(BODIES);
  const core = new Core();
  const pass = (take: (body: Buffer) => void): number => {
    data.renew();
    return cpuSeconds(() => data.bodies.forEach(take)) / data.spans;
  };
  const ours = (): number => pass((body) => core.take(body));
  const decode = (): number => pass((body) => void Request7.decode(body));
  for (let i = 0; i < WARM_UP_PASSES; i++) {
    ours();
    decode();
  }
  const keptBefore = core.keptSpans;
  const samples: { ours: number; decode: number }[] = [];
  for (let i = 0; i < PASSES; i++) samples.push({ ours: ours(), decode: decode() });
  const kept = (core.keptSpans - keptBefore) / (PASSES * data.spans);
  const ratio = summary(samples.map((sample) => sample.decode / sample.ours));
  return [
    { name: 'core', ...summary(samples.map((sample) => 1 / sample.ours)), unit: 'span/CPU-s' },
    { name: 'protobufjs 7 decode only', ...summary(samples.map((sample) => 1 / sample.decode)), unit: 'span/CPU-s' },
    { name: 'core against decode only', ...ratio, unit: 'x', bound: GATE_RATIO, holds: ratio.value >= GATE_RATIO },
    ...stages(data),
    ...held(data),
    naive(data),
    { name: 'wire bytes a span', value: data.bytes / data.spans, spread: 0, unit: 'By' },
    { name: 'kept', value: kept, spread: 0, unit: '1' },
  ];
}

/** Wall time by stage, in passes of their own so that the clock reads do not burden the gate. */
function stages(data: Dataset): Figure[] {
  const core = new Core();
  const samples: Record<keyof Core['stageNs'], number[]> = { intake: [], measure: [], sample: [], encode: [] };
  const names = Object.keys(samples) as (keyof Core['stageNs'])[];
  for (let i = 0; i < PASSES; i++) {
    for (const name of names) core.stageNs[name] = 0;
    data.renew();
    for (const body of data.bodies) core.takeTimed(body);
    if (i >= WARM_UP_PASSES) for (const name of names) samples[name].push(core.stageNs[name] / data.spans);
  }
  return names.map((name) => ({ name: `stage ${name}`, ...summary(samples[name]), unit: 'ns/span' }));
}

/** What 100 000 waiting spans hold: arena and columns, which the budget counts, and the heap beside. */
function held(data: Dataset): Figure[] {
  const core = new Core();
  data.renew();
  globalThis.gc?.();
  const heapBefore = process.memoryUsage().heapUsed;
  // 5 s at the virtual rate are 196 bodies; one resend after another until the first are about to be decided.
  for (let i = 0; i < 190; i++) {
    if (i % data.bodies.length === 0) data.renew();
    core.take(data.bodies[i % data.bodies.length] ?? Buffer.alloc(0));
  }
  globalThis.gc?.();
  const spans = core.buffer.pendingSpans;
  const bytes = core.buffer.usedBytes / spans;
  const bound = (data.bytes / data.spans) * HELD_RATIO + HELD_EXTRA_BYTES;
  const heap = (process.memoryUsage().heapUsed - heapBefore) / spans;
  return [
    { name: 'bytes held a pending span', value: bytes, spread: 0, unit: 'By', bound, holds: bytes <= bound },
    { name: 'heap a pending span', value: heap, spread: 0, unit: 'By' },
  ];
}

function naive(data: Dataset): Figure {
  const pipeline = new NaivePipeline();
  const samples: number[] = [];
  for (let i = 0; i < NAIVE_PASSES + 1; i++) {
    data.renew();
    const seconds = cpuSeconds(() => data.bodies.forEach((body) => pipeline.take(body)));
    if (i > 0) samples.push(data.spans / seconds);
  }
  return { name: 'naive pipeline', ...summary(samples), unit: 'span/CPU-s' };
}
