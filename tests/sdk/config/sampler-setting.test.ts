// What OTEL_TRACES_SAMPLER and its argument ask for, and what of them is not understood.
import { expect, it } from 'vitest';
import { DEFAULT_SAMPLER, samplerOf } from '../../../sdk/src/config/sampler-setting.ts';

function check(name: string | undefined, arg: string | undefined, expected: object, problems: readonly string[] = []) {
  const told: string[] = [];
  expect(samplerOf(name, arg, (problem) => told.push(problem))).toEqual(expected);
  expect(told).toEqual(problems);
}

const remote = (endpoint: string, ratio: number, interval?: number) => ({
  'jaeger_remote/development': {
    endpoint,
    ...(interval !== undefined && { interval }),
    initial_sampler: { parent_based: { root: { trace_id_ratio_based: { ratio } } } },
  },
});

it('names every sampler of the specification', () => {
  check(undefined, undefined, DEFAULT_SAMPLER);
  check('always_on', undefined, { always_on: null });
  check('parentbased_always_off', undefined, { parent_based: { root: { always_off: null } } });
  check('traceidratio', '0.25', { trace_id_ratio_based: { ratio: 0.25 } });
  check('parentbased_traceidratio', undefined, { parent_based: { root: { trace_id_ratio_based: { ratio: 1 } } } });
});

it('reads the argument of a remote sampler', () => {
  check('jaeger_remote', undefined, remote('http://127.0.0.1:4320', 0.001));
  check(
    'parentbased_jaeger_remote',
    'endpoint=http://side:4320/a=b, pollingIntervalMs=5000,initialSamplingRate=0.25,',
    { parent_based: { root: remote('http://side:4320/a=b', 0.25, 5000) } },
  );
});

it('says what it does not understand, and takes the default instead', () => {
  const byDefault = DEFAULT_SAMPLER;
  check('parentbased_sometimes', '1', byDefault, ['OTEL_TRACES_SAMPLER=parentbased_sometimes']);
  check('toString', undefined, byDefault, ['OTEL_TRACES_SAMPLER=toString']);
  check('traceidratio', '7', { trace_id_ratio_based: { ratio: 1 } }, ['the ratio 7 of OTEL_TRACES_SAMPLER_ARG']);
  // A timer has no room for it.
  check('jaeger_remote', 'pollingIntervalMs=2147483648', remote('http://127.0.0.1:4320', 0.001), [
    'pollingIntervalMs=2147483648 of OTEL_TRACES_SAMPLER_ARG',
  ]);
  check(
    'jaeger_remote',
    'endpoint=side:4320,pollingIntervalMs=5,initialSamplingRate=-1,rate=2',
    remote('http://127.0.0.1:4320', 0.001),
    [
      'rate of OTEL_TRACES_SAMPLER_ARG',
      'the endpoint of OTEL_TRACES_SAMPLER_ARG',
      'pollingIntervalMs=5 of OTEL_TRACES_SAMPLER_ARG',
      'the ratio -1 of OTEL_TRACES_SAMPLER_ARG',
    ],
  );
});
