// What is taken out of attributes, and what must stay.
import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedaction } from '../../../sdk/src/bound/redaction.ts';
import { SECRETS } from '../../support/secrets.ts';

const redaction = createRedaction();

function check(key: string, value: unknown, expected: unknown, with_ = redaction): void {
  const attributes = { [key]: value };
  with_.attributes(attributes);
  expect(attributes, `${key}: ${String(value)}`).toEqual({ [key]: expected });
}
const stays = (key: string, value: unknown): void => check(key, value, value);
const goes = (key: string): void => check(key, 'anything', 'REDACTED');

describe('createRedaction', () => {
  it('takes the values of secret keys', () => {
    for (const key of [
      'http.request.header.authorization',
      'http.response.header.set-cookie',
      'Cookie',
      'user.password',
    ])
      goes(key);
    for (const key of ['access_token', 'accessToken', 'auth.token', 'client_secret', 'x-api-key', 'apiKey', 'api_key'])
      goes(key);
    for (const key of [
      'db.PASSWORD',
      'aws.credentials',
      'privateKey',
      'X-Amz-Signature',
      'card.number',
      'proxy-authorization',
    ])
      goes(key);
    check('http.request.header.authorization', ['Basic abc', 'x'], ['REDACTED', 'REDACTED']);
  });

  it('leaves keys that only look like it', () => {
    stays('gen_ai.token.type', 'input');
    stays('gen_ai.usage.input_tokens', 123);
    stays('tokenizer.name', 'cl100k');
    stays('password.length', 12);
    stays('keyboard.layout', 'de');
    stays('author', 'someone');
    stays('spinner', 'dots');
    stays('secretary', 'x');
  });

  it('takes e-mail addresses out of values', () => {
    check('note', 'from a.b+c@mail.example.org to x@y.io.', 'from REDACTED to REDACTED.');
    stays('package', '@scope/name@1.2.3');
    stays('decorator', 'at @measure');
    stays('host', 'git@localhost');
  });

  it('takes card numbers with a right check digit', () => {
    check('text', 'paid with 4111 1111 1111 1111 today', 'paid with REDACTED today');
    check('text', '5555-5555-5555-4444', 'REDACTED');
    check('text', 'amex 378282246310005', 'amex REDACTED');
    stays('text', '4111 1111 1111 1112');
    stays('trace', '4111111111111111a');
    stays('time', '1764537758123456789');
    stays('order.id', 4_111_111_111_111_111);
    stays('version', '4.1.1.1');
  });

  it('takes user info and secret parameters out of URLs', () => {
    check('url.full', 'https://me:pw@host/a?x=1', 'https://REDACTED:REDACTED@host/a?x=1');
    check('url.full', 'amqp://me@host', 'amqp://REDACTED@host');
    check(
      'url.full',
      'https://h/a?page=2&access_token=abc&sig=1#t',
      'https://h/a?page=2&access_token=REDACTED&sig=REDACTED#t',
    );
    check('url.query', '?api_key=abc&q=shoes', '?api_key=REDACTED&q=shoes');
    check('url.query', 'api_key=abc&q=shoes', 'api_key=REDACTED&q=shoes');
    check('db.dsn', 'host=h user=me password=pw', 'host=h user=me password=REDACTED');
    check('db.url', 'postgres://me:p@w@host/db', 'postgres://REDACTED:REDACTED@host/db');
    check('db.url', 'postgres://me@server:pw@host/db', 'postgres://REDACTED:REDACTED@host/db');
    stays('url.full', 'https://h:80/users/@me?since=2026-01-01');
    stays('db.query.text', 'SELECT a=b FROM t WHERE token = ? AND (password=? OR pin=$1)');
  });

  it('takes bearer tokens and JSON web tokens wherever they stand', () => {
    check('header', 'Bearer abcdefgh12345678', 'Bearer REDACTED');
    check('error', 'bad eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl end', 'bad REDACTED end');
    stays('text', 'the bearer of news');
  });

  it('takes the values of secret keys out of JSON that is text', () => {
    const given = { user: 'me', password: 'p"w', token: '', 'x-api-key': 'k', note: 'a: b' };
    const expected = { ...given, password: 'REDACTED', token: 'REDACTED', 'x-api-key': 'REDACTED' };
    check('arguments', JSON.stringify(given), JSON.stringify(expected));
    check('arguments', JSON.stringify({ given }, undefined, 2), JSON.stringify({ given: expected }, undefined, 2));
    check('cut', '{"a":"b","password":"never clos', '{"a":"b","password":"REDACTED"');
    check('cut', '{"password":"a\\', '{"password":"REDACTED"');
    stays('arguments', '{"password":12,"type":"token"}');
  });

  it('leaves what looks like a secret and is none', () => {
    const kept: Readonly<Record<string, unknown>> = {
      'order.id': '4111111111111112',
      'order.number': '1234567812345678',
      'customer.id': 4_111_111_111_111_111,
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      span_id: '00f067aa0ba902b7',
      uuid: '41111111-1111-1111-1111-111111111111',
      started_ms: '1764537758123',
      started_us: '1764537758123456',
      started_ns: '1764537758123456789',
      started: '2026-12-01T00:33:24.123456789Z',
      version: '18.3.1-canary.20240603',
      package: 'node_modules/.pnpm/react@18.3.0-rc.next/index.js',
      address: '2001:db8:4111:1111:1111:1111:0:1',
      'gen_ai.usage.input_tokens': '1234',
      max_tokens: '4096',
      'cookie.count': '3',
      'cookie.name': 'sid',
      'k8s.secret.name': 'db-login',
      'aws.secretsmanager.secret.arn': 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:db',
      'password.policy': 'strong',
      'token.type': 'refresh',
      tokenizer: 'cl100k_base',
      author: 'ann',
      authority: 'shop.example',
      'session.id': '8f14e45f-ceea-467f-a9f4-d1e0a2b3c4d5',
      'url.full': 'https://h.example/a?max_tokens=100&author=ann&pinned=1&sort=price:asc',
      error: 'Unexpected token: } in JSON at position 12',
      message: 'Basic authentication failed; bearer authentication required, password: too short',
      code: 'const isBasic = kind === "basic"; // see sk-learn-pipelines-and-transformers',
      sql: 'SELECT a FROM t WHERE t.password = ? AND token = :token AND pin=$1',
      'vcs.repository.url.full': 'git@github.com:shop/shop.git',
      cursor: 'next is eyJpZCI6MTIzfQ. Then eyJpZCI6NH0',
      cron: '*/5 * * * *',
      query: 'name="ann"&size=3',
      kubernetes: 'shop-7d4b9c6f5-x2x9z',
      branch: 'task_force-sk-refactor',
    };
    for (const [key, value] of Object.entries(kept)) stays(key, value);
  });

  it.each(SECRETS)('leaves nothing of the secrets in $text', ({ text, secrets }) => {
    const attributes: Record<string, unknown> = { note: text, list: [text], map: { [text]: text }, [text]: 1 };
    redaction.attributes(attributes);
    const left = [JSON.stringify(attributes), redaction.text(text), redaction.name(text)].join();
    expect(secrets.filter((secret) => left.includes(secret))).toEqual([]);
    expect(redaction.text(redaction.text(text))).toBe(redaction.text(text));
  });

  it('takes bytes under a secret key, and what cannot be read', () => {
    check('password', Buffer.from('hunter2'), 'REDACTED');
    const broken = Object.defineProperty({}, 'x', {
      enumerable: true,
      get() {
        throw new Error('do not read');
      },
    });
    check('map', { broken }, 'REDACTED');
  });

  it('gives a set back as it is where nothing of it is secret, and else a copy', () => {
    const plain = { a: 1, list: ['b'], nan: Number.NaN };
    expect(redaction.cleaned(plain)).toBe(plain);
    const given = Object.freeze({ a: 1, note: 'x@y.org' });
    expect(redaction.cleaned(given)).toEqual({ a: 1, note: 'REDACTED' });
    const scope = { name: 'shop', version: '1' };
    expect(redaction.scope(scope)).toBe(scope);
    expect(redaction.scope({ name: 'x@y.org', attributes: { token: 't' } })).toEqual({
      name: 'REDACTED',
      attributes: { token: 'REDACTED' },
    });
  });

  it('goes into lists and maps, to a depth', () => {
    check('list', ['a', 'x@y.org'], ['a', 'REDACTED']);
    check('map', { user: { password: 'p', name: 'n' } }, { user: { password: 'REDACTED', name: 'n' } });
    check('secret', { any: 'thing' }, { any: 'REDACTED' });
    const deep = (levels: number): unknown => (levels === 0 ? 'end' : [deep(levels - 1)]);
    check('deep', deep(8), deep(8));
    const attributes = { deep: deep(20) };
    redaction.attributes(attributes);
    expect(JSON.stringify(attributes)).toContain('REDACTED');
  });

  it('can be extended and switched off', () => {
    const own = createRedaction({ keys: ['Customer.Name'], values: [/\bEMP-\d+/] });
    check('customer.name', 'Ann', 'REDACTED', own);
    check('text', 'EMP-1 and EMP-22', 'REDACTED and REDACTED', own);
    check('password', 'p', 'REDACTED', own);
    const off = createRedaction({ enabled: false });
    check('password', 'p', 'p', off);
    expect(off.text('a@b.org')).toBe('a@b.org');
  });

  it('leaves nothing of a card or an address, whatever stands around it', () => {
    const filler = string({ maxLength: 30 }).map((text) => text.replace(/[\w.%+@-]/g, ' '));
    assert(
      property(filler, filler, (before, after) => {
        const clean = redaction.text(`${before} 4242424242424242 ${after} a@b.example ${before}`);
        expect(clean).not.toContain('4242');
        expect(clean).not.toContain('a@b');
      }),
      { numRuns: 50, seed: 7 },
    );
  });

  it('answers for hostile texts', () => {
    const pieces = [
      ['a@', 'a.', '4 ', '://', '?a=', 'eyJ', '%', 'aA', '"a":"', '"', '%40', '%3D', "pin: ['", "pin: '", ','],
      ['\\', 'password="\\', 'Cookie: a', 'basic a', 'sk-', '-----BEGIN PRIVATE KEY-----', '_-', 'a.a@', 'pin='],
    ].flat();
    for (const piece of pieces) {
      expect(redaction.text(piece.repeat(2000)).length).toBeGreaterThan(0);
    }
    // Each part could begin a token, and none ends: looked through to its end from each, it would take half a minute.
    const unending = 'eyJaaaa-'.repeat(40_000);
    expect(redaction.text(unending)).toBe(unending);
    expect(redaction.text(`a-${unending.slice(0, 800)}.b.c`)).toBe('a-REDACTED');
  });
});

describe('parameters of URLs and depth', () => {
  it('takes out what the conventions name, and what is named besides, in its case', () => {
    const named = createRedaction({}, ['ticket']);
    check(
      'url.full',
      'https://a.b/c?ticket=1&AWSAccessKeyId=2&q=3',
      'https://a.b/c?ticket=REDACTED&AWSAccessKeyId=REDACTED&q=3',
      named,
    );
    check('url.query', 'Ticket=1&sig=2', 'Ticket=1&sig=REDACTED', named);
    // It is no key of an attribute.
    check('ticket', '17', '17', named);
    check('url.query', 'ticket=1', 'ticket=1', createRedaction({ enabled: false }, ['ticket']));
  });

  it('empties what is deeper than it may be, whether anything is taken out or not', () => {
    for (const enabled of [true, false]) {
      const attributes = { a: [[1, [2]]], b: { c: { d: {} } }, e: 'text' };
      createRedaction({ enabled }).attributes(attributes, 2);
      expect(attributes).toEqual({ a: [[1, null]], b: { c: { d: null } }, e: 'text' });
    }
  });
});
