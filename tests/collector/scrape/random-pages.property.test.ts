// Random families, written as text by a writer that knows nothing of the reader, come back as the points they were.
import { describe, expect, it } from 'vitest';
import type { TextFormat } from '../../../collector/src/scrape/text-reader.ts';
import { oneOf, pick, type Random, seeded } from '../../support/random.ts';
import { pageReader, pointText } from '../../support/scraped.ts';

const PAGES = 5;
const TEXTS = ['', 'a', 'plain words', 'quo"te', 'back\\slash', 'new\nline', '} 7', '{', ', ', '# EOF', 'é€😀', ' '];
const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'unknown'] as const;

type Labels = readonly (readonly [string, string])[];

interface Line {
  readonly name: string;
  readonly labels: Labels;
  readonly value: string;
}

/** A family: its lines, and what its points are without their time. */
interface Made {
  readonly head: string;
  readonly lines: readonly Line[];
  readonly points: readonly string[];
}

function labelsOf(random: Random): Labels {
  const names = ['code', 'method', 'path', 'x_1', '_u'].filter(() => random() < 0.4);
  return names.map((name) => [name, oneOf(random, TEXTS)]);
}

function valueOf(random: Random): number {
  const kinds = [
    () => pick(random, 1000),
    () => random() * 1e6,
    () => random() * 10 ** (pick(random, 40) - 20),
    () => pick(random, 2 ** 40) * 4096,
    () => Infinity,
  ];
  return oneOf(random, kinds)();
}

function numberText(random: Random, value: number): string {
  if (value === Infinity) return oneOf(random, ['+Inf', 'Inf', 'inf']);
  if (Number.isNaN(value)) return oneOf(random, ['NaN', 'nan']);
  return random() < 0.3 ? value.toExponential() : String(value);
}

function shown(labels: Labels): string {
  const kept = labels.filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : 1));
  return kept.length === 0 ? '' : `{${kept.map(([name, value]) => `${name}="${value}"`).join(',')}}`;
}

function family(random: Random, index: number, format: TextFormat): Made {
  const type = oneOf(random, TYPES);
  const name = `f${index}_${type}`;
  const isOpen = format === 'openmetrics';
  const declared = type === 'counter' && !isOpen ? `${name}_total` : name;
  const typeLine = `# TYPE ${declared} ${type === 'unknown' && !isOpen ? 'untyped' : type}\n`;
  const helpLine = `# HELP ${declared} Help of ${name} # EOF {"\n`;
  const head = isOpen || random() < 0.5 ? typeLine + helpLine : helpLine + typeLine;
  const sets = new Map(
    Array.from({ length: 1 + pick(random, 3) }, () => labelsOf(random)).map((each) => [shown(each), each]),
  );
  const made = [...sets.values()].map((labels) => series(random, type, name, labels));
  return { head, lines: made.flatMap(({ lines }) => lines), points: made.map(({ point }) => point) };
}

function series(
  random: Random,
  type: (typeof TYPES)[number],
  name: string,
  labels: Labels,
): { lines: Line[]; point: string } {
  const line = (suffix: string, value: number, ...more: Labels): Line => {
    return { name: name + suffix, labels: [...labels, ...more], value: numberText(random, value) };
  };
  const at = shown(labels);
  const value = valueOf(random);
  if (type === 'gauge' || type === 'unknown') {
    const odd = oneOf(random, [value, -value, NaN]);
    return { lines: [line('', odd)], point: `gauge ${name}${at} ${odd}` };
  }
  if (type === 'counter') {
    const count = value === Infinity ? 1 : value;
    return { lines: [line('_total', count)], point: `sum ${name}_total${at} ${count}` };
  }
  const count = pick(random, 1000);
  const ends = [line('_count', count), line('_sum', value)];
  if (type === 'summary') {
    const quantiles = [0, 0.5, 0.99, 1].filter(() => random() < 0.6).map((q) => [q, valueOf(random)] as const);
    const lines = quantiles.map(([q, each]) => line('', each, ['quantile', String(q)]));
    const parts = [`summary ${name}${at} count=${count} sum=${value}`, ...quantiles.map(([q, each]) => `${q}:${each}`)];
    return { lines: [...lines, ...ends], point: parts.join(' ') };
  }
  const bounds = [-1, 0.005, 1, 2.5, 1e6].filter(() => random() < 0.6);
  const cuts = bounds.map(() => pick(random, count + 1)).sort((a, b) => a - b);
  const buckets = bounds.map((bound, i) => line('_bucket', cuts[i] ?? 0, ['le', String(bound)]));
  const counts = [...cuts, count].map((each, i) => each - (cuts[i - 1] ?? 0));
  const point = `histogram ${name}${at} count=${count} sum=${value} ${counts.map((each, i) => `${bounds[i] ?? '+'}:${each}`).join(' ')}`;
  return { lines: [...buckets, line('_bucket', count, ['le', '+Inf']), ...ends], point };
}

function lineText(random: Random, { name, labels, value }: Line): string {
  const shuffled = [...labels].sort(() => random() - 0.5);
  const escaped = shuffled.map(([label, text]) => {
    const plain = [...text].map((c) => ({ '"': '\\"', '\\': '\\\\', '\n': '\\n' })[c] ?? c).join('');
    return `${label}="${plain}"`;
  });
  return `${name}${escaped.length > 0 || random() < 0.1 ? `{${escaped.join(',')}}` : ''} ${value}\n`;
}

/** Types and labels stay, values change. */
function check(format: TextFormat, seed: number): void {
  const { scrape } = pageReader(format);
  for (let page = 0; page < PAGES; page++) {
    // Counters that fell would have a start; each page has names of its own, or the values of the one before.
    const random = seeded(seed * 100 + (page >> 1));
    const layout = seeded(seed * 1000 + page);
    const families = Array.from({ length: 1 + pick(random, 8) }, (_, i) =>
      family(random, (page >> 1) * 10 + i, format),
    );
    families.sort(() => layout() - 0.5);
    const text = families.map(({ head, lines }) => {
      return (
        head +
        [...lines]
          .sort(() => layout() - 0.5)
          .map((line) => lineText(layout, line))
          .join('')
      );
    });
    const points = scrape(text.join('') + (format === 'openmetrics' ? '# EOF\n' : ''));
    if (typeof points === 'string') throw new Error(`${points}\n${text.join('')}`);
    const got = points.filter(({ hasNoValue }) => !hasNoValue).map((point) => pointText(point).replace(/ at \d+$/, ''));
    expect(got.sort()).toEqual(families.flatMap((each) => each.points).sort());
  }
}

describe('a random page', () => {
  it('comes back from the text format', () => {
    for (let seed = 0; seed < 60; seed++) check('text', seed);
  });

  it('comes back from OpenMetrics', () => {
    for (let seed = 100; seed < 160; seed++) check('openmetrics', seed);
  });

  it('is read or refused, but breaks nothing, with any byte of it changed', () => {
    const random = seeded(7);
    const { scrape } = pageReader('text', { maxLabelValue: 64 });
    const odd = ['"', '{', '}', '\\', '\n', ' ', '#', '=', ',', '0', 'a', '\u0000', ''];
    let refused = 0;
    for (let i = 0; i < 2000; i++) {
      const { head, lines } = family(random, i % 20, 'text');
      const text = head + lines.map((line) => lineText(random, line)).join('');
      const at = pick(random, text.length);
      const points = scrape(text.slice(0, at) + oneOf(random, odd) + text.slice(at + 1));
      if (typeof points === 'string') refused++;
    }
    expect(refused).toBeGreaterThan(100);
    expect(refused).toBeLessThan(1900);
  });
});
