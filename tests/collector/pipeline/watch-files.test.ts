import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stateOf, watchFiles } from '../../../collector/src/pipeline/watch-files.ts';
import { touch } from '../../support/certificates.ts';
import { testHost } from '../../support/surroundings.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const LOOK_MS = 30_000;

it('tries again what could not be read, and says so once', () => {
  const path = join(temporaryFolder(), 'tokens');
  writeFileSync(path, 'first');
  const paths = [path];
  const host = testHost();
  let tries = 0;
  let problem = 'EMFILE: too many open files';
  const watched = { paths, setting: 'web.auth', known: stateOf(paths) };
  const stop = watchFiles(watched, host, () => {
    tries++;
    if (problem !== '') throw new Error(problem);
  });
  const check = (expectedTries: number, ...lines: string[]): void => {
    expect([tries, host.logged.splice(0)]).toEqual([expectedTries, lines]);
  };
  host.clock.advance(3 * LOOK_MS);
  check(0);
  touch(path);
  host.clock.advance(3 * LOOK_MS);
  check(3, 'error RELOAD_web.auth EMFILE: too many open files; what was in use stays');
  problem = 'no token';
  host.clock.advance(LOOK_MS);
  check(4, 'error RELOAD_web.auth no token; what was in use stays');
  problem = '';
  host.clock.advance(3 * LOOK_MS);
  check(5, 'info RELOADED_web.auth web.auth changed and is in use');
  stop();
  touch(path);
  host.clock.advance(LOOK_MS);
  check(5);
});
