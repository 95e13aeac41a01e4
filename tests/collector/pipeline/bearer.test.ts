import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockFields } from '../../../collector/src/config/listener.ts';
import { BearerTokens } from '../../../collector/src/pipeline/bearer.ts';
import { touch } from '../../support/certificates.ts';
import { testHost, type TestHost } from '../../support/surroundings.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const SETTING = 'receive.http.auth';
const POLL_MS = 30_000;
const [FIRST, SECOND, THIRD] = ['first-token-0123456789', 'second-token-0123456789', 'third-token-0123456789'] as const;

function make(auth: object, host: TestHost = testHost()): BearerTokens {
  const parsed = lockFields.auth.parse(auth);
  if (parsed === undefined) throw new Error('no auth');
  return new BearerTokens(parsed, SETTING, host);
}

/** A file of tokens, as somebody writes it. */
function tokenFile(text: string): { path: string; write(text: string): void } {
  const path = join(temporaryFolder(), 'tokens');
  const write = (content: string): void => {
    writeFileSync(path, content);
    touch(path);
  };
  write(text);
  return { path, write };
}

describe('bearer tokens', () => {
  it('let in whoever shows one of them, in the form of RFC 6750', () => {
    const tokens = make({ tokens: [FIRST, SECOND] });
    tokens.open();
    const check = (authorization: string | undefined, expected: boolean): void => {
      expect(tokens.admits(authorization)).toBe(expected);
    };
    check(`Bearer ${FIRST}`, true);
    check(`bearer ${SECOND}`, true);
    check(`BEARER  ${SECOND}`, true);
    for (const wrong of [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      FIRST,
      `Basic ${FIRST}`,
      `Bearer ${FIRST}x`,
      `Bearer ${FIRST.slice(0, -1)}`,
      `Bearer ${FIRST.toUpperCase()}`,
      `Bearer ${FIRST} ${SECOND}`,
      `Bearer ${FIRST},${SECOND}`,
      ` Bearer ${FIRST}`,
    ])
      check(wrong, false);
  });

  it('let nobody in before they are read', () => {
    expect(make({ tokens: [FIRST] }).admits(`Bearer ${FIRST}`)).toBe(false);
  });

  it('come from the configuration and from a file together', () => {
    const { path } = tokenFile(`\n${SECOND}\r\n\n  ${THIRD}  \n`);
    const tokens = make({ tokens: [FIRST], token_file: path });
    tokens.open();
    for (const token of [FIRST, SECOND, THIRD]) expect(tokens.admits(`Bearer ${token}`)).toBe(true);
    expect(tokens.admits('Bearer ')).toBe(false);
    tokens.close();
  });

  it('cannot come from a file that holds none, and no message shows one', () => {
    const check = (text: string | undefined, problem: string): void => {
      const file = tokenFile(text ?? '');
      if (text === undefined) rmSync(file.path);
      const tokens = make({ token_file: file.path });
      let message = '';
      try {
        tokens.open();
      } catch (error) {
        expect(error).toMatchObject({ code: 'TOKENS_UNUSABLE' });
        message = (error as Error).message;
      }
      expect(message).toContain(`${file.path} (${SETTING}.token_file) ${problem}`);
      for (const line of (text ?? '').split('\n')) if (line.trim() !== '') expect(message).not.toContain(line);
    };
    check(undefined, 'cannot be read');
    check('', 'holds no token');
    check(' \n\n', 'holds no token');
    check(`${FIRST}\nshort-secret\n`, 'line 2: a token is 16 to 4096 visible ASCII characters');
    check(`two words-0123456789`, 'line 1:');
    check(Array.from({ length: 65 }, (_, i) => `${FIRST}${i}`).join('\n'), 'brings more than 64 tokens');
  });
});

describe('a token file that changes', () => {
  it('is read again at the next look, and old tokens end', () => {
    const file = tokenFile(FIRST);
    const host = testHost();
    const tokens = make({ token_file: file.path }, host);
    tokens.open();
    const admitted = (): boolean[] => [FIRST, SECOND].map((token) => tokens.admits(`Bearer ${token}`));
    expect(admitted()).toEqual([true, false]);
    file.write(`${FIRST}\n${SECOND}`);
    expect(admitted()).toEqual([true, false]);
    host.clock.advance(POLL_MS);
    expect(admitted()).toEqual([true, true]);
    file.write(SECOND);
    host.clock.advance(POLL_MS);
    expect(admitted()).toEqual([false, true]);
    expect(host.logged).toEqual(Array(2).fill(`info RELOADED_${SETTING} ${SETTING} changed and is in use`));
    tokens.close();
    file.write(FIRST);
    host.clock.advance(POLL_MS);
    expect(admitted()).toEqual([false, true]);
  });

  it('leaves the tokens in use where it is wrong, which is said once', () => {
    const file = tokenFile(FIRST);
    const host = testHost();
    const tokens = make({ token_file: file.path }, host);
    tokens.open();
    for (const change of [() => file.write(''), () => file.write('short-secret'), () => rmSync(file.path)]) {
      change();
      host.clock.advance(5 * POLL_MS);
      expect(host.logged).toHaveLength(1);
      expect(host.logged.splice(0)[0]).toMatch(/^error RELOAD_.*; what was in use stays$/);
      expect(tokens.admits(`Bearer ${FIRST}`)).toBe(true);
    }
    expect(host.logged.join()).not.toContain('short-secret');
    file.write(SECOND);
    host.clock.advance(POLL_MS);
    expect([tokens.admits(`Bearer ${FIRST}`), tokens.admits(`Bearer ${SECOND}`)]).toEqual([false, true]);
  });
});
