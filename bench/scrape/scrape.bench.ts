// How fast a scraped page becomes points: one like node-exporter's on a large machine, scraped again and again, and the
// same page seen for the first time.
import type { SeriesBook } from '../../collector/src/scrape/series-book.ts';
import { TextReader } from '../../collector/src/scrape/text-reader.ts';
import { pageReader } from '../../tests/support/scraped.ts';
import { cpuSeconds, type Figure, summary } from '../figure.ts';

const ROUNDS = process.env['BENCH_QUICK'] === '1' ? 2 : 15;
const PAGES = 10;
const MIN_SAMPLES_A_SECOND = 500_000;
const STEP_LINES = 100;
const MODES = ['idle', 'iowait', 'irq', 'nice', 'softirq', 'steal', 'system', 'user'];
const BOUNDS = ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf'];

/** Counters by CPU and mode, plain gauges, histograms by path; about 13 000 samples. */
function pageOf(number: number): string {
  const lines: string[] = [];
  const declare = (name: string, type: string): void => {
    lines.push(`# HELP ${name} Some words on what this one counts.`, `# TYPE ${name} ${type}`);
  };
  for (let f = 0; f < 40; f++) {
    const name = `node_kind_${f}_seconds_total`;
    declare(name, 'counter');
    for (let cpu = 0; cpu < 32; cpu++)
      for (const mode of MODES)
        lines.push(`${name}{cpu="${cpu}",mode="${mode}"} ${(number * 15.25 + cpu * 1000.75 + f).toFixed(2)}`);
  }
  for (let f = 0; f < 300; f++) {
    declare(`node_memory_${f}_bytes`, 'gauge');
    lines.push(`node_memory_${f}_bytes ${(1.2345e9 + number * f).toExponential()}`);
  }
  for (let f = 0; f < 20; f++) {
    declare(`wait_${f}_seconds`, 'histogram');
    for (let path = 0; path < 8; path++) {
      const labels = `path="/api/v1/${path}"`;
      for (const le of BOUNDS) lines.push(`wait_${f}_seconds_bucket{${labels},le="${le}"} ${100 + number}`);
      lines.push(
        `wait_${f}_seconds_sum{${labels}} ${number * 1.5}`,
        `wait_${f}_seconds_count{${labels}} ${100 + number}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

export async function run(): Promise<Figure[]> {
  const bodies = Array.from({ length: PAGES }, (_, i) => Buffer.from(pageOf(i)));
  const [known, fresh]: [number[], number[]] = [[], []];
  for (let round = 0; round <= ROUNDS; round++) {
    const { book } = pageReader('text');
    const first = samplesASecond(book, bodies.slice(0, 1));
    const later = samplesASecond(book, bodies.slice(1));
    // The first round is for the compiler.
    if (round === 0) continue;
    fresh.push(first);
    known.push(later);
  }
  const { value, spread } = summary(known);
  const unit = 'samples/CPU-s';
  const bound = { bound: MIN_SAMPLES_A_SECOND, boundIs: '≥', holds: value >= MIN_SAMPLES_A_SECOND } as const;
  return [
    { name: 'bytes of the body to points, known series', value, spread, unit, ...bound },
    { name: 'bytes of the body to points, new series', ...summary(fresh), unit },
  ];
}

function samplesASecond(book: SeriesBook, bodies: readonly Buffer[]): number {
  let samples = 0;
  const seconds = cpuSeconds(() => {
    for (const [i, body] of bodies.entries()) {
      book.begin();
      const reader = new TextReader(body.toString('utf8'), 'text', book);
      while (!reader.step(STEP_LINES));
      for (const point of book.finish(1_800_000_000_000 + i * 15_000)) void point;
      samples += book.counts.scraped;
    }
  });
  return samples / seconds;
}
