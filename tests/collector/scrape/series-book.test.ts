// A target over several scrapes: start times, resets, what is gone, whose labels win, who sends.
import { describe, expect, it } from 'vitest';
import { valueText } from '../../../collector/src/model/attributes.ts';
import type { DataPoint } from '../../../collector/src/model/data-point.ts';
import { pageReader, pointText, rules } from '../../support/scraped.ts';

type Changed = Parameters<typeof pageReader>[1];

/** Points of each scrape of pages in the text format. */
function check(
  pages: readonly string[],
  expected: readonly (readonly string[] | string)[],
  changed: Changed = {},
): void {
  const { scrape } = pageReader('text', changed);
  const got = pages
    .map((page) => scrape(page))
    .map((points) => (typeof points === 'string' ? points : points.map(pointText)));
  expect(got).toEqual(expected);
}

function last(pages: readonly string[], changed: Changed = {}): DataPoint[] {
  const { scrape } = pageReader('openmetrics', changed);
  const points = pages.map((page) => scrape(`${page}# EOF\n`)).at(-1);
  if (points === undefined || typeof points === 'string') throw new Error(points);
  return points;
}

const C = '# TYPE c counter\n';

describe('a series over several scrapes', () => {
  it('has no known start until it is seen to begin again', () => {
    check(
      [`${C}c 5`, `${C}c 7`, `${C}c 2`, `${C}c 3`],
      [['sum c 5'], ['sum c 7 at 15'], ['sum c 2 since 30 at 30'], ['sum c 3 since 30 at 45']],
    );
    const h = (a: number, b: number): string =>
      `# TYPE h histogram\nh_bucket{le="1"} ${a}\nh_bucket{le="+Inf"} ${b}\nh_sum 1\nh_count ${b}\n`;
    check(
      [h(1, 4), h(2, 3), h(1, 9)],
      [
        ['histogram h count=4 sum=1 1:1 +:3'],
        ['histogram h count=3 sum=1 1:2 +:1 since 15 at 15'],
        ['histogram h count=9 sum=1 1:1 +:8 since 30 at 30'],
      ],
    );
  });

  it('is said to be gone once, and may come back', () => {
    check(
      ['a 1\nb 1', 'b 1', 'b 1', 'a 2\nb 1'],
      [
        ['gauge a 1', 'gauge b 1'],
        ['gauge b 1 at 15', 'gauge a gone at 15'],
        ['gauge b 1 at 30'],
        ['gauge a 2 at 45', 'gauge b 1 at 45'],
      ],
    );
  });

  it('is found by its line wherever that stands', () => {
    const lines = ['a{x="1"} 1', 'a{x="2"} 2', 'b 3', 'b{y="} z"} 4', 'c 5'];
    const expected = ['gauge a{x="1"} 1', 'gauge a{x="2"} 2', 'gauge b 3', 'gauge b{y="} z"} 4', 'gauge c 5'];
    const { scrape } = pageReader('text');
    const orders = [
      [0, 1, 2, 3, 4],
      [0, 1, 2, 3, 4],
      [4, 2, 0, 3, 1],
      [1, 1, 3, 0, 2, 4],
      [2, 3, 4, 0, 1],
    ];
    for (const [i, order] of orders.entries()) {
      const points = scrape(order.map((each) => `${lines[each]} ${(1_800_000_000 + i * 15) * 1000}`).join('\n'));
      if (typeof points === 'string') throw new Error(points);
      const got = points.map((point) => pointText(point).replace(/ at \d+$/, ''));
      expect(new Set(got)).toEqual(new Set(expected));
    }
  });

  it('is another series once its type is another', () => {
    check(['a 1', '# TYPE a counter\na 1'], [['gauge a 1'], ['sum a 1 at 15', 'gauge a gone at 15']]);
  });

  it('keeps times of the target only where they are honoured, and only newer ones', () => {
    const pages = ['a 1 1799999990000', 'a 1 1799999990000', 'a 2 1800000020000', 'b 1'];
    check(pages, [['gauge a 1 at -10'], [], ['gauge a 2 at 20'], ['gauge b 1 at 45']]);
    check(['a 1 1800000600001', 'a 1 5'], [[], ['gauge a 1 at -1799999999.995']]);
    check(['a 1 5', 'a 1 5'], [['gauge a 1'], ['gauge a 1 at 15']], { honorTimestamps: false });
  });

  it('fails as a whole beyond a limit', () => {
    check(['a 1\nb 1\nc 1'], ['too_many_samples: more than 2 samples'], { maxSamples: 2 });
    check(['a 1\nb 1\nc 1'], [['gauge a 1', 'gauge c 1']], {
      maxSamples: 2,
      relabel: rules({ source_labels: ['__name__'], regex: 'b', action: 'drop' }),
    });
    check(['a{b="1",c="2"} 1'], ['label_limit: more than 1 labels'], { maxLabels: 1 });
    check(['a{b="12345"} 1'], ['label_limit: a label longer than 4 characters'], { maxLabelValue: 4 });
  });

  it('does not remember all that ever came', () => {
    const { book, scrape } = pageReader('text');
    for (let i = 0; i < 30; i++) scrape(Array.from({ length: 100 }, (_, k) => `a{id="${i * 100 + k}"} 1`).join('\n'));
    expect(book.seriesCount).toBeLessThanOrEqual(1300);
  });

  it('is dropped by a rule without end, and others are found all the same', () => {
    const relabel = rules({ source_labels: ['id'], regex: '.+', action: 'drop' });
    const { scrape } = pageReader('text', { relabel, maxSamples: 2 });
    const page = (value: number): string => {
      const dropped = Array.from({ length: 2000 }, (_, i) => `a{id="${i}"} ${value}`).join('\n');
      return `b ${value}\n${dropped}\nc ${value}\n`;
    };
    for (const value of [1, 2, 3]) {
      const points = scrape(page(value));
      expect(typeof points === 'string' ? points : points.map((each) => each.value)).toMatchObject([
        { value },
        { value },
      ]);
    }
  });

  it('forgets what a broken page said', () => {
    check(
      [`${C}c 5`, `${C}c 9\n!`, `${C}c 7`],
      [['sum c 5'], 'syntax: line 3: no name of a metric', ['sum c 7 at 30']],
    );
  });
});

describe('labels of our own', () => {
  const page = 'a{job="theirs",instance="i",exported_job="x"} 1';
  const identity = ({ metric }: DataPoint): string[] =>
    metric.resource.attributes.map(([k, v]) => `${k}=${valueText(v)}`);

  it('name the resource, and push those of the target aside', () => {
    const [point] = last([`${page}\n`]);
    expect(point && identity(point)).toEqual([
      'server.address=shop',
      'server.port=9100',
      'service.instance.id=shop:9100',
      'service.name=shop',
      'url.scheme=http',
    ]);
    check([page], [['gauge a{exported_exported_job="theirs",exported_instance="i",exported_job="x"} 1']]);
  });

  it('give way where those of the target are honoured', () => {
    const [point] = last([`${page}\n`], { honorLabels: true });
    expect(point && identity(point)).toContain('service.name=theirs');
    check([page], [['gauge a{exported_job="x"} 1']], { honorLabels: true });
  });

  it('may be relabelled, as names may', () => {
    const renamed = rules({
      source_labels: ['__name__'],
      regex: 'h_(.*)',
      target_label: '__name__',
      replacement: 'wait_$1',
    });
    check(['# TYPE h histogram\nh_bucket{le="+Inf"} 4\nh_sum 1\nh_count 4\n'], [['histogram wait count=4 sum=1 +:4']], {
      relabel: renamed,
    });
    check([C + 'c{a="1"} 4'], [['sum d{a="1"} 4']], { relabel: rules({ target_label: '__name__', replacement: 'd' }) });
    check(['a 1'], [[]], { relabel: rules({ regex: '__name__', action: 'labeldrop' }) });
  });
});

describe('what a target says of itself', () => {
  const info = (v: string): string => `# TYPE target info\ntarget_info{version="${v}",job="no"} 1\n`;

  it('becomes attributes of its resource, wherever it stands', () => {
    const points = last([`a 1\n${info('1')}b 1\n`]);
    expect(points.map(({ metric }) => metric.name)).toEqual(['a', 'b']);
    for (const { metric } of points) expect(metric.resource.attributes).toContainEqual(['version', '1']);
    expect(new Set(points.map(({ metric }) => metric.resource)).size).toBe(1);
  });

  it('ends its series where it changes', () => {
    const points = last([`a 1\n${info('1')}`, `a 1\n${info('1')}`, `a 1\n${info('2')}`]);
    expect(points.map(pointText)).toEqual(['gauge a gone at 30', 'gauge a 1 at 30']);
    expect(points.map(({ metric }) => metric.resource.attributes.at(-1))).toEqual([
      ['version', '1'],
      ['version', '2'],
    ]);
  });

  it('names scopes', () => {
    const scope = 'otel_scope_name="lib",otel_scope_version="2"';
    const page = `a{${scope},otel_scope_schema_url="u",otel_scope_x="y"} 1\n# TYPE otel_scope info\notel_scope_info{${scope},mascot="bear"} 1\n`;
    const [point, ...others] = last([page]);
    expect(others).toEqual([]);
    expect(point?.attributes).toEqual([]);
    expect(point?.metric.scope).toMatchObject({
      name: 'lib',
      version: '2',
      schemaUrl: 'u',
      attributes: [
        ['mascot', 'bear'],
        ['x', 'y'],
      ],
    });
  });
});
