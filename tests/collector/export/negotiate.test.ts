import { expect, it } from 'vitest';
import { negotiate } from '../../../collector/src/export/negotiate.ts';

const PROTOBUF = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';
const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
const TEXT = 'text/plain; version=0.0.4; charset=utf-8';

/** As Prometheus 2.42 asks, without native histograms and with. */
const PROMETHEUS_2 =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
const PROMETHEUS_2_NATIVE = `application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`;
/** As Prometheus 3 asks, with native histograms and without. */
const PROMETHEUS_3_NATIVE =
  'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1';
const PROMETHEUS_3 = PROMETHEUS_3_NATIVE.slice(PROMETHEUS_3_NATIVE.indexOf('application/openmetrics'));

function check(accept: string | undefined, contentType: string): void {
  expect(negotiate(accept, true).contentType).toBe(contentType);
}

it('answers real scrapers in what they like best', () => {
  check(PROMETHEUS_2, OPENMETRICS);
  check(PROMETHEUS_2_NATIVE, PROTOBUF);
  check(PROMETHEUS_3, `${OPENMETRICS}; escaping=underscores`);
  check(PROMETHEUS_3_NATIVE, `${PROTOBUF}; escaping=underscores`);
  // curl, a browser, and an agent that asks for OpenMetrics with a weight.
  check('*/*', TEXT);
  check('text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', TEXT);
  check(
    'application/openmetrics-text; version=1.0.0; charset=utf-8;q=0.75,text/plain;version=0.0.4;q=0.5',
    OPENMETRICS,
  );
});

it('answers in text whoever names nothing we write', () => {
  check(undefined, TEXT);
  check('', TEXT);
  check('application/json', TEXT);
  check('application/vnd.google.protobuf', TEXT);
  check('application/vnd.google.protobuf;proto=other;encoding=delimited', TEXT);
  check('application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text', TEXT);
  check('application/openmetrics-text;q=0', TEXT);
  check('application/openmetrics-text;q=nonsense', TEXT);
});

it('weighs, and takes the first of equals', () => {
  check('application/openmetrics-text', OPENMETRICS);
  check('Application/OpenMetrics-Text; version=1.0.0; charset=utf-8', OPENMETRICS);
  check('text/plain;q=0.9, application/openmetrics-text;q=0.8', TEXT);
  check('text/plain;q=0.8, application/openmetrics-text;q=0.9', OPENMETRICS);
  check('text/plain, application/openmetrics-text', TEXT);
});

it('writes names as asked, where that is allowed and the reader can read it', () => {
  const names = (accept: string): [string, string] => {
    const { names: style, contentType } = negotiate(accept, false);
    return [style, contentType];
  };
  expect(names(PROMETHEUS_3)).toEqual(['allow-utf-8', `${OPENMETRICS}; escaping=allow-utf-8`]);
  expect(names(PROMETHEUS_3_NATIVE)).toEqual(['allow-utf-8', `${PROTOBUF}; escaping=allow-utf-8`]);
  expect(names(PROMETHEUS_2)).toEqual(['underscores', OPENMETRICS]);
  expect(names('text/plain;version=1.0.0;escaping=dots')).toEqual([
    'dots',
    'text/plain; version=1.0.0; charset=utf-8; escaping=dots',
  ]);
  expect(names('text/plain;version=1.0.0;escaping=values')[0]).toBe('values');
  // The old text format knows no quotes.
  expect(names('text/plain;version=0.0.4;escaping=allow-utf-8')).toEqual(['underscores', TEXT]);
  expect(names('text/plain;version=1.0.0;escaping=nonsense')[0]).toBe('underscores');
  expect(negotiate(PROMETHEUS_3, true).names).toBe('translated');
});
