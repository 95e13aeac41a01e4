// What each format says, as points.
import { describe, expect, it } from 'vitest';
import type { TextFormat } from '../../../collector/src/scrape/text-reader.ts';
import { pageReader, pointText } from '../../support/scraped.ts';

function checkIn(format: TextFormat, page: string, expected: readonly string[] | string): void {
  const points = pageReader(format).scrape(page);
  expect(typeof points === 'string' ? points : points.map(pointText)).toEqual(expected);
}
const text = (page: string, ...expected: string[]): void => checkIn('text', page, expected);
const open = (page: string, ...expected: string[]): void => checkIn('openmetrics', `${page}# EOF\n`, expected);
const badText = (page: string, fault: string): void => checkIn('text', page, fault);
const badOpen = (page: string, fault: string): void => checkIn('openmetrics', page, fault);

describe('the text format', () => {
  it('gives a gauge for what has no type', () => {
    text('up 1\n', 'gauge up 1');
    text('a{b="c"} 2.5', 'gauge a{b="c"} 2.5');
    text('# TYPE a untyped\na 1\n', 'gauge a 1');
    text('# HELP a TYPE of nothing\n#comment\n\n  \t\na 1\n', 'gauge a 1');
  });

  it('reads numbers as Prometheus does', () => {
    const values = ['0', '-1', '+1', '.5', '5.', '1e3', '1E-3', '123456789.125', '1.7976931348623157e+308', '1e-320'];
    const odd = ['NaN', 'nan', '+Inf', '-inf', 'Infinity', '0.1', '9007199254740993', '0.30000000000000004', '1e400'];
    for (const value of [...values, ...odd]) {
      const plain = value
        .toLowerCase()
        .replace(/^(nan)$/, 'NaN')
        .replace(/^([+-]?)inf(inity)?$/, '$1Infinity');
      text(`a ${value}\n`, `gauge a ${Number(plain)}`);
    }
    for (const value of ['0x10', '1_000', '1e', 'e1', '--1', '.', '', 'abc', '1,5', '٣'])
      badText(`a ${value}\n`, 'syntax: line 1: no number');
  });

  it('takes blanks where Prometheus takes them', () => {
    text('a  {  b = "c" , d="e" , }   1   1800000000001  \n', 'gauge a{b="c",d="e"} 1 at 0.001');
    text('a\t1\n', 'gauge a 1');
    text('a{} 1\n', 'gauge a 1');
  });

  it('undoes escapes, and leaves other backslashes', () => {
    text(String.raw`a{b="\\ \" \n \t é"} 1`, 'gauge a{b="\\ " \n \\t é"} 1');
    text('a{b="} 7"} 1\na{b="} 8"} 2\n', 'gauge a{b="} 7"} 1', 'gauge a{b="} 8"} 2');
  });

  it('takes names that mean something to the language', () => {
    text('# TYPE h histogram\nhconstructor 1\nh__proto__ 2\n', 'gauge hconstructor 1', 'gauge h__proto__ 2');
    text(
      '# TYPE toString counter\ntoString{__proto__="a",constructor="b"} 1\n',
      'sum toString{__proto__="a",constructor="b"} 1',
    );
    open('# TYPE a_constructor gauge\n# UNIT a_constructor constructor\na_constructor 1\n', 'gauge a_constructor 1');
  });

  it('takes quoted names', () => {
    text('# TYPE "shop.calls" counter\n{"shop.calls","peer.name"="a b"} 4\n', 'sum shop.calls{peer.name="a b"} 4');
  });

  it('gives counters their type by the line before', () => {
    text('# HELP c_total c\n# TYPE c_total counter\nc_total 3\nd 1\n', 'sum c_total 3', 'gauge d 1');
    text('# TYPE c counter\n# TYPE d gauge\nd 1\nc 2\n', 'gauge d 1', 'sum c 2');
  });

  it('leaves out labels without a value', () => {
    text('a{b="",c="d"} 1\n', 'gauge a{c="d"} 1');
  });

  it('assembles histograms, in whatever order their lines stand', () => {
    const head = '# TYPE h histogram\n';
    text(
      `${head}h_bucket{le="0.1"} 1\nh_bucket{le="1"} 3\nh_bucket{le="+Inf"} 4\nh_sum 2.5\nh_count 4\n`,
      'histogram h count=4 sum=2.5 0.1:1 1:2 +:1',
    );
    text(
      `${head}h_count{a="b"} 4\nh_bucket{le="+Inf",a="b"} 4\nh_bucket{a="b",le="1.0"} 3\nh_sum{a="b"} 1\n`,
      'histogram h{a="b"} count=4 sum=1 1:3 +:1',
    );
    text(`${head}h_bucket{le="1"} 3\nh_sum 1\nh_count 5\n`, 'histogram h count=5 sum=1 1:3 +:2');
    text(`${head}h_bucket{le="1"} 3\nh_bucket{le="+Inf"} 5\n`, 'histogram h count=5 sum=undefined 1:3 +:2');
    text(`${head}h_sum 1\nh_count 5\n`, 'histogram h count=5 sum=1 +:5');
  });

  it('loses a histogram that cannot be one, and nothing else', () => {
    const head = 'before 1\n# TYPE h histogram\n';
    const kept = ['gauge before 1'];
    text(`${head}h_bucket{le="1"} 3\nh_bucket{le="+Inf"} 2\nh_sum 1\nh_count 2\n`, ...kept);
    text(`${head}h_bucket{le="1"} 3\nh_sum 1\n`, ...kept);
    text(`${head}h_bucket{le="1"} NaN\nh_bucket{le="+Inf"} 1\n`, ...kept);
    text(`${head}h_bucket{le="x"} 1\nh_bucket 1\n`, ...kept);
    text(`${head}h_bucket{le="1"} 0.5\nh_bucket{le="+Inf"} 1\n`, ...kept);
  });

  it('assembles summaries', () => {
    const head = '# TYPE s summary\n';
    text(
      `${head}s{quantile="0.99"} 9\ns{quantile="0.5"} NaN\ns_sum 5\ns_count 3\n`,
      'summary s count=3 sum=5 0.5:NaN 0.99:9',
    );
    text(`${head}s_count 3\n`, 'summary s count=3 sum=0');
    text(`${head}s_sum 3\n`);
    text(`${head}s{quantile="2"} 9\ns_sum 5\ns_count 3\n`);
  });

  it('loses a counter that is no count', () => {
    text('# TYPE c counter\nc{a="1"} NaN\nc{a="2"} -1\nc{a="3"} +Inf\nc{a="4"} 4\n', 'sum c{a="4"} 4');
  });

  it('takes the first of two samples of one series, whatever the order of their labels', () => {
    text('a{b="1",c="2"} 1\na{c="2",b="1"} 2\na{b="1",c="2"} 3\n', 'gauge a{b="1",c="2"} 1');
  });

  it('loses a sample with one label twice', () => {
    text('a{b="1",b="2"} 1\nc 2\n', 'gauge c 2');
  });

  it('refuses as a whole what is no page of metrics', () => {
    badText('<!doctype html>\n<html></html>\n', 'syntax: line 1: no name of a metric');
    badText('a 1\n{"status":"ok"}\n', 'syntax: line 2: labels without an end');
    badText('a\n', 'syntax: line 1: no number');
    badText('a{b="c} 1\n', 'syntax: line 1: a quote without an end');
    badText('a{b=c} 1\n', 'syntax: line 1: a label without a quoted value');
    badText('a{b} 1\n', 'syntax: line 1: a label without a value');
    badText('a{b="c" d="e"} 1\n', 'syntax: line 1: labels without an end');
    badText('a{1b="c"} 1\n', 'syntax: line 1: no name of a label');
    badText('{b="c"} 1\n', 'syntax: line 1: a sample without a name');
    badText('b 1\n1a 1\n', 'syntax: line 2: no name of a metric');
    badText('a 1 2 3\n', 'syntax: line 1: text after a value');
    badText('a 1 1.5\n', 'syntax: line 1: no timestamp in milliseconds');
    badText('a 1 # {} 1\n', 'syntax: line 1: text after a value');
    badText('# TYPE a thing\na 1\n', 'syntax: line 1: no type of a metric');
    badText('a 1\r\n', 'syntax: line 1: no number');
  });
});

describe('OpenMetrics', () => {
  it('needs its end, and nothing after it', () => {
    open('');
    badOpen('a 1\n', 'truncated: does not end with # EOF');
    badOpen('a 1\n# EOF\nb 1\n', 'syntax: line 3: text after # EOF');
    badOpen('a 1\n\n# EOF\n', 'syntax: line 2: an empty line');
    badOpen('# hello\n# EOF\n', 'syntax: line 1: a comment that says nothing known');
    badOpen('# TYPE a gauge\n# UNIT a seconds\na 1\n# EOF\n', 'syntax: line 2: a unit that is no end of the name');
  });

  it('begins counters, histograms and summaries at _created', () => {
    open('# TYPE c counter\nc_total 3\nc_created 1799999990.5\n', 'sum c_total 3 since -9.5');
    const created = 'h_created 1799999990\n';
    open(
      `# TYPE h histogram\nh_bucket{le="+Inf"} 4\nh_sum 1\nh_count 4\n${created}`,
      'histogram h count=4 sum=1 +:4 since -10',
    );
    open(`# TYPE h summary\nh_sum 1\nh_count 4\n${created}`, 'summary h count=4 sum=1 since -10');
    open('# TYPE c counter\nc_created 1799999990.5\n');
  });

  it('keeps what has no kind of its own', () => {
    open('# TYPE build info\nbuild_info{v="1"} 1\n', 'updown build_info{v="1"} 1');
    open(
      '# TYPE mode stateset\nmode{mode="a"} 1\nmode{mode="b"} 0\n',
      'updown mode{mode="a"} 1',
      'updown mode{mode="b"} 0',
    );
    open(
      '# TYPE g gaugehistogram\ng_bucket{le="+Inf"} 4\ng_gcount 4\ng_gsum 2\n',
      'gauge g_bucket{le="+Inf"} 4',
      'gauge g_gcount 4',
      'gauge g_gsum 2',
    );
    open('# TYPE u unknown\nu 4\n', 'gauge u 4');
  });

  it('reads timestamps in seconds', () => {
    open('a 1 1800000000.25\nb 1 1.799999999e+09\n', 'gauge a 1 at 0.25', 'gauge b 1 at -1');
  });

  it('keeps exemplars', () => {
    const [trace, span] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
    open(
      `# TYPE c counter\nc_total 3 # {trace_id="${trace}",span_id="${span}"} 0.5 1799999999.5\n`,
      `sum c_total 3 # 0.5 ${trace}/${span} -0.5`,
    );
    open(
      `# TYPE h histogram\nh_bucket{le="1"} 1 # {trace_id="${trace}"} 0.5\nh_bucket{le="+Inf"} 2 # {id="}"} 9\n`,
      `histogram h count=2 sum=undefined 1:1 +:1 # 0.5 ${trace}/ 0 # 9 / 0`,
    );
    badOpen('a 1 # 5\n# EOF\n', 'syntax: line 1: an exemplar without labels');
    badOpen('a 1 # {a="b"}\n# EOF\n', 'syntax: line 1: no number');
  });

  it('gives units in UCUM, and descriptions', () => {
    const page =
      '# TYPE t_seconds gauge\n# UNIT t_seconds seconds\n# HELP t_seconds Say \\"hello\\"\nt_seconds 1\n# EOF\n';
    const points = pageReader('openmetrics').scrape(page);
    if (typeof points === 'string') throw new Error(points);
    const unit = (name: string): string => {
      const found = pageReader('openmetrics').scrape(
        `# TYPE x_${name} gauge\n# UNIT x_${name} ${name}\nx_${name} 1\n# EOF\n`,
      );
      return typeof found === 'string' ? found : found.map(({ metric }) => metric.unit).join();
    };
    expect(['bytes', 'ratio', 'meters_per_second', 'widgets', 'constructor'].map(unit)).toEqual([
      'By',
      '1',
      'm/s',
      'widgets',
      'constructor',
    ]);
    expect(points.map(({ metric }) => [metric.unit, metric.description, metric.metadata])).toEqual([
      ['s', 'Say "hello"', [['prometheus.type', 'gauge']]],
    ]);
  });
});
