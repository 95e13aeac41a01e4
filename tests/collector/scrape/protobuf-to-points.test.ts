// What the protobuf format says, as points; written by an encoder that is not ours.
import { describe, expect, it } from 'vitest';
import { ScrapeFault } from '../../../collector/src/scrape/fault.ts';
import { ProtobufReader } from '../../../collector/src/scrape/protobuf-reader.ts';
import {
  COUNTER,
  delimited,
  delimitedOneByOne,
  GAUGE,
  GAUGE_HISTOGRAM,
  HISTOGRAM,
  SUMMARY,
  UNTYPED,
} from '../../support/client-model.ts';
import { exponentialOf } from '../../support/data-points.ts';
import { pick, seeded } from '../../support/random.ts';
import { pageReader, pointText, SCRAPED_MS } from '../../support/scraped.ts';

/** Scrapes a body; what a fault says where there is one. */
function scraped(body: Uint8Array, { book } = pageReader('text')): string[] | string {
  book.begin();
  try {
    const reader = new ProtobufReader(body, book);
    while (!reader.step(3));
  } catch (error) {
    if (!(error instanceof ScrapeFault)) throw error;
    return error.reason;
  }
  return [...book.finish(SCRAPED_MS)].map(pointText);
}

function check(families: readonly Record<string, unknown>[], expected: readonly string[] | string): void {
  expect(scraped(delimited(...families))).toEqual(expected);
  expect(scraped(delimitedOneByOne(...families))).toEqual(expected);
}

const label = [{ name: 'a', value: 'b} "c' }];
const created = { seconds: 1_799_999_990, nanos: 500_000_000 };

/** Spans and differences of dense counts. */
function spansOf({ offset, counts }: { offset: number; counts: readonly number[] }): {
  spans: unknown[];
  deltas: number[];
} {
  const spans: { offset: number; length: number }[] = [];
  const deltas: number[] = [];
  let [before, end] = [0, 0];
  counts.forEach((count, i) => {
    if (count === 0) return;
    const index = offset + i + 1;
    const last = spans.at(-1);
    if (last !== undefined && end === index) last.length++;
    else spans.push({ offset: last === undefined ? index : index - end, length: 1 });
    deltas.push(count - before);
    [before, end] = [count, index + 1];
  });
  return { spans, deltas };
}

describe('the protobuf format', () => {
  it('gives the points that text gives', () => {
    check(
      [
        { name: 'c_total', type: COUNTER, metric: [{ label, counter: { value: 3, createdTimestamp: created } }] },
        {
          name: 'g',
          type: GAUGE,
          help: 'G',
          metric: [{ gauge: { value: -1.5 } }, { label, gauge: { value: NaN }, timestampMs: SCRAPED_MS - 1000 }],
        },
        { name: 'u', type: UNTYPED, metric: [{ untyped: { value: 2 } }] },
        {
          name: 's',
          type: SUMMARY,
          metric: [{ summary: { sampleCount: 3, sampleSum: 5, quantile: [{ quantile: 0.5, value: 1 }] } }],
        },
        {
          name: 'h',
          type: HISTOGRAM,
          metric: [{ histogram: { sampleCount: 4, sampleSum: 2.5, bucket: [{ upperBound: 1, cumulativeCount: 3 }] } }],
        },
        { name: 'q', type: GAUGE_HISTOGRAM, metric: [{ histogram: { sampleCount: 4, sampleSum: 2 } }] },
      ],
      [
        'sum c_total{a="b} "c"} 3 since -9.5',
        'gauge g -1.5',
        'gauge g{a="b} "c"} NaN at -1',
        'gauge u 2',
        'summary s count=3 sum=5 0.5:1',
        'histogram h count=4 sum=2.5 1:3 +:1',
        'gauge q_bucket{le="+Inf"} 4',
        'gauge q_gsum 2',
        'gauge q_gcount 4',
      ],
    );
  });

  it('gives exponential histograms', () => {
    const random = seeded(3);
    for (let i = 0; i < 40; i++) {
      const scale = pick(random, 13) - 4;
      const values = Array.from({ length: pick(random, 50) }, () => (random() - 0.3) * 10 ** (pick(random, 8) - 4));
      const wanted = exponentialOf(values, scale, 0.001);
      const { book } = pageReader('text');
      const [positive, negative] = [spansOf(wanted.positive), spansOf(wanted.negative)];
      const histogram = {
        sampleCount: wanted.count,
        sampleSum: wanted.sum,
        schema: scale,
        zeroThreshold: 0.001,
        zeroCount: wanted.zeroCount,
        positiveSpan: positive.spans,
        positiveDelta: positive.deltas,
        negativeSpan: negative.spans,
        negativeDelta: negative.deltas,
        bucket: [{ upperBound: 1, cumulativeCount: 1 }],
      };
      book.begin();
      const reader = new ProtobufReader(delimited({ name: 'h', type: HISTOGRAM, metric: [{ histogram }] }), book);
      while (!reader.step(10));
      const points = [...book.finish(SCRAPED_MS)];
      expect(points.map(({ value }) => value)).toEqual([{ ...wanted, min: undefined, max: undefined }]);
    }
  });

  it('keeps exemplars and start of a native histogram', () => {
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const exemplars = [{ label: [{ name: 'trace_id', value: trace }], value: 0.5, timestamp: created }];
    const histogram = {
      sampleCount: 1,
      sampleSum: 0.5,
      positiveSpan: [{ offset: 0, length: 1 }],
      positiveDelta: [1],
      exemplars,
      createdTimestamp: created,
    };
    check(
      [{ name: 'h', type: HISTOGRAM, metric: [{ histogram }] }],
      [`exponential_histogram h count=1 sum=0.5 scale=0 zero=0 -1:1 since -9.5 # 0.5 ${trace}/ -9.5`],
    );
  });

  it('loses a native histogram that cannot be told, and nothing else', () => {
    const bad = (histogram: Record<string, unknown>): void => {
      const family = {
        name: 'h',
        type: HISTOGRAM,
        metric: [{ histogram: { sampleCount: 1, zeroThreshold: 1, ...histogram } }],
      };
      check([family, { name: 'u', type: UNTYPED, metric: [{ untyped: { value: 2 } }] }], ['gauge u 2']);
    };
    bad({ schema: -53 });
    bad({ schema: 9 });
    bad({ positiveSpan: [{ offset: 0, length: 2 }], positiveDelta: [1] });
    bad({ positiveSpan: [{ offset: 0, length: 1 }], positiveDelta: [1, 1] });
    bad({ positiveSpan: [{ offset: 0, length: 1 }], positiveDelta: [-1] });
    bad({
      positiveSpan: [
        { offset: 0, length: 1 },
        { offset: 2 ** 30, length: 1 },
      ],
      positiveDelta: [1, 1],
    });
    bad({ positiveSpan: [{ offset: 0, length: 2 ** 32 - 1 }], positiveDelta: [1] });
    bad({ positiveCount: [1.5], sampleCountFloat: 1.5 });
  });

  it('says that an empty native histogram is one', () => {
    const histogram = { sampleCount: 0, sampleSum: 0, schema: 3, positiveSpan: [{ offset: 0, length: 0 }] };
    check(
      [{ name: 'h', type: HISTOGRAM, metric: [{ histogram }] }],
      ['exponential_histogram h count=0 sum=0 scale=3 zero=0 0:'],
    );
  });

  it('refuses what is cut short or no message', () => {
    const body = delimited({ name: 'u', type: UNTYPED, metric: [{ label, untyped: { value: 2 } }] });
    expect(scraped(body)).toHaveLength(1);
    for (let end = 1; end < body.length; end++) expect(scraped(body.subarray(0, end))).toBe('truncated');
    check([{ type: GAUGE }], 'syntax');
    expect(scraped(Buffer.from('<html>'))).toBe('truncated');
    expect(scraped(Buffer.from([3, 0x0a, 1, 0xff]))).toBe('bad_utf8');
  });

  it('reads or refuses, but breaks nothing, with any byte of it changed', () => {
    const random = seeded(5);
    const histogram = {
      sampleCount: 3,
      sampleSum: 1,
      schema: 2,
      positiveSpan: [{ offset: -3, length: 2 }],
      positiveDelta: [1, 1],
    };
    const body = delimited({ name: 'h', help: 'H', type: HISTOGRAM, metric: [{ label, histogram }, { histogram }] });
    const reader = pageReader('text');
    let refused = 0;
    for (let i = 0; i < 3000; i++) {
      const changed = Buffer.from(body);
      changed[pick(random, body.length)] = pick(random, 256);
      if (typeof scraped(changed, reader) === 'string') refused++;
    }
    expect(refused).toBeGreaterThan(300);
    expect(refused).toBeLessThan(2700);
  });
});
