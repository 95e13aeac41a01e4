import { expect, it } from 'vitest';
import { parseConfig } from '../../../collector/src/config/load.ts';
import { budgetsOf } from '../../../collector/src/limit/budgets.ts';
import { limitConfig } from '../../../collector/src/limit/config.ts';

const limitOf = (yaml: string): unknown => parseConfig(yaml, 'test.yaml').limit;

it('has safe defaults, and is off where it says false', () => {
  const defaults = {
    max_series: 1000,
    attributes: {},
    metrics: [],
    templates: ['id', 'hash', 'number', 'email', 'path'],
    fold: 'overflow',
    ttl: 600_000,
    frozen_for: 300_000,
    dry_run: false,
    max_streams_memory: 4 * 1024 ** 2,
    state: { path: './.evenkeel', max_size: 512 * 1024 ** 2 },
  };
  expect(limitOf('')).toEqual(defaults);
  expect(limitOf('limit:')).toEqual(defaults);
  expect(limitOf('limit: false')).toBe(false);
});

it('says what is wrong', () => {
  const check = (yaml: string, message: RegExp): void => expect(() => limitOf(`limit: ${yaml}`)).toThrow(message);
  check('{ max_series: 0 }', /limit\.max_series/);
  check('{ max_serie: 5 }', /max_series/);
  check('{ frozen_for: 1m }', /limit\.frozen_for: must be from 5m/);
  check('{ ttl: 1s }', /limit\.ttl: must be from 10s/);
  check('{ templates: [ids] }', /limit\.templates/);
  check('{ attributes: { user: 0 } }', /limit\.attributes/);
  check('{ metrics: [{ match: {} }] }', /name, pattern or service must be given/);
  check('{ metrics: [{ match: { name: a, pattern: b } }] }', /either name or pattern, not both/);
  check('{ metrics: [{ match: { pattern: "(" } }] }', /pattern is no regular expression/);
  check('{ max_streams_memory: 1KiB }', /limit\.max_streams_memory: must be at least 256KiB/);
});

it('takes the first rule that matches, and what it leaves out from the defaults', () => {
  const budgets = budgetsOf(
    limitConfig.parse({
      max_series: 50,
      attributes: { user: 10 },
      metrics: [
        { match: { name: 'requests', service: 'shop' }, max_series: 5, attributes: { route: 3 } },
        { match: { pattern: '^req' }, fold: 'others', templates: [] },
        { match: { service: 'shop' }, max_series: 7 },
      ],
    }),
  );
  const check = (service: string, name: string): unknown => {
    const { maxSeries, fold, attributes, templates } = budgets(service, name);
    return [maxSeries, fold, templates.isOff, Object.fromEntries(attributes)];
  };
  expect(check('shop', 'requests')).toEqual([5, 'overflow', false, { user: 10, route: 3 }]);
  expect(check('shop', 'requests.size')).toEqual([50, 'others', true, { user: 10 }]);
  expect(check('shop', 'jobs')).toEqual([7, 'overflow', false, { user: 10 }]);
  expect(check('bank', 'jobs')).toEqual([50, 'overflow', false, { user: 10 }]);
});
