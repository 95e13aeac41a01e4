import { describe, expect, it } from 'vitest';
import { ConfigInvalid, parseTogether, type Problem } from '../../../collector/src/config/load.ts';
import type { Config } from '../../../collector/src/config/schema.ts';

function together(texts: readonly string[], settings: Readonly<Record<string, string>> = {}): Config {
  const files = texts.map((text, i) => ({ file: `${i + 1}.yaml`, text }));
  const overrides = Object.entries(settings).map(([path, value]) => ({ path: path.split('.'), value }));
  return parseTogether(files, overrides, { SHARE: '0.5' });
}

function problemsOf(texts: readonly string[], settings: Readonly<Record<string, string>> = {}): readonly Problem[] {
  try {
    together(texts, settings);
  } catch (error) {
    if (!(error instanceof ConfigInvalid)) throw error;
    return error.problems;
  }
  return [];
}

describe('several files', () => {
  it('are one configuration: maps are merged, of everything else the last one wins', () => {
    const config = together([
      'memory_limit: 64MiB\nweb: { port: 1, host_names: [a, b] }\nsample: { policies: [{ name: x, type: probabilistic, ratio: 1 }] }',
      'web: { host_names: [c] }\nsample: { policies: [{ name: y, type: probabilistic, ratio: "1" }] }',
      'web:\nmemory_limit: 128MiB\nsample: { policies: [{ name: z, type: probabilistic, ratio: 0.5 }] }',
      'web: { host: "${env:SHARE}" }',
    ]);
    expect(config).toMatchObject({
      memory_limit: 128 * 1024 ** 2,
      web: { port: 1, host_names: ['c'], host: '0.5' },
      sample: { policies: [{ name: 'z', ratio: 0.5 }] },
    });
  });

  it('switch rooms off and on again', () => {
    expect(together(['logs: { mode: pass }', 'logs: false']).logs).toBe(false);
    expect(together(['logs: false', 'logs: { mode: follow }']).logs).toMatchObject({ mode: 'follow' });
  });

  it('have each problem where it stands', () => {
    expect(problemsOf(['web:\n  port: -1\nlimit: {}', '# nothing\nwbe: {}\nweb:\n  host_names: 1'])).toEqual([
      { path: 'web.port', line: 2, file: '1.yaml', message: 'must be at least 0' },
      { path: 'web.host_names', line: 4, file: '2.yaml', message: 'must be a list' },
      { path: 'wbe', line: 2, file: '2.yaml', message: 'unknown key; did you mean web?' },
    ]);
    const clash = problemsOf(['web:\n  port: 4318', 'logs: false']);
    expect(clash).toMatchObject([{ path: 'web.port', line: 2, file: '1.yaml' }]);
    expect(() => together(['a: 1', '__proto__: { b: 1 }'])).toThrow(
      /2 problems\n {2}1\.yaml:1 a: .*\n {2}2\.yaml:1 __proto__/,
    );
  });

  it('are settled by what is set beside them, wherever the list stands that it is in', () => {
    const policies = 'sample: { policies: [{ name: x, type: probabilistic, ratio: 1 }] }';
    const set = { 'sample.policies.0.ratio': '0.25', 'web.port': '7' };
    expect(together([policies, 'sample: { decision_wait: 20s }'], set)).toMatchObject({
      sample: { decision_wait: 20_000, policies: [{ name: 'x', ratio: 0.25 }] },
      web: { port: 7 },
    });
  });

  it('keep a lock that has no value a problem', () => {
    expect(problemsOf(['web: { auth: { token_file: /a } }', 'web:\n  auth:'])).toMatchObject([
      { path: 'web.auth', line: 2, file: '2.yaml' },
    ]);
  });
});
