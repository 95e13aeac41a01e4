// Text of queries without their values, and what a query does in a few words.
import { describe, expect, it } from 'vitest';
import { factsOf } from '../../../sdk/src/observe/query-summary.ts';
import { sanitizeQuery } from '../../../sdk/src/observe/query-text.ts';
import { oneOf, pick, seeded } from '../../support/random.ts';

function check(text: string, expected: string | undefined, system?: string): void {
  expect(sanitizeQuery(text, system)).toBe(expected);
}

function checkSummary(text: string, summary: string, collection?: string, operation = summary.split(' ')[0]): void {
  expect(factsOf(text, 'postgresql')).toMatchObject({
    summary,
    operation,
    ...(collection !== undefined && { collection }),
  });
}

describe('sanitizeQuery', () => {
  it('leaves structure and takes values, comments and needless space', () => {
    check('SELECT * FROM t  WHERE id = 42\n AND x=-1.5e3', 'SELECT * FROM t WHERE id = ? AND x=-?');
    check("SELECT 'O''Brien', N'x', E'y', 0xFF, .5 -- who\nFROM t /* 'why' */", 'SELECT ?, ?, ?, ?, ? FROM t');
    check("UPDATE t SET j = data->>'k' WHERE id = $2::int", 'UPDATE t SET j = data->>? WHERE id = $2::int');
    check('SELECT $$ one $$, $tag$ two $tag$ FROM t1', 'SELECT ?, ? FROM t1');
    check(
      'SELECT a[1:5], b FROM t WHERE c = :c AND d = @d AND e = ? AND f = :1',
      'SELECT a[?:?], b FROM t WHERE c = :c AND d = @d AND e = ? AND f = :1',
    );
  });

  it('makes one query of lists of any length', () => {
    check('SELECT 1 FROM t WHERE a IN (1, 2,3)', 'SELECT ? FROM t WHERE a IN (?)');
    check("INSERT INTO t VALUES (1, 'a'), (2, 'b')", 'INSERT INTO t VALUES (?)');
  });

  it('takes double quotes for values unless they must be names', () => {
    check('SELECT * FROM "Users" WHERE n = "alice"', 'SELECT * FROM "Users" WHERE n = ?');
    check('SELECT * FROM "Users" WHERE "n" = 1', 'SELECT * FROM "Users" WHERE "n" = ?', 'postgresql');
    check('SELECT `n` FROM t WHERE n = "alice"', 'SELECT `n` FROM t WHERE n = ?', 'mysql');
  });

  it('stops where dialects disagree about the end of a value', () => {
    check(String.raw`SELECT 1 FROM t WHERE a = 'it\'s' AND b = 'secret'`, 'SELECT ? FROM t WHERE a = ?');
    check(String.raw`SELECT 1 FROM t WHERE a = 'C:\' AND b = 'secret'`, 'SELECT ? FROM t WHERE a = ?');
    check("SELECT 1 FROM t WHERE a = 'never closed", 'SELECT ? FROM t WHERE a = ?');
    check("SELECT 1 # 'secret'\nFROM t", 'SELECT ? FROM t');
    check('SELECT * FROM #tmp WHERE a = 1', 'SELECT * FROM #tmp WHERE a = ?', 'microsoft.sql_server');
  });

  it('reads documents and commands', () => {
    check(
      '{"find": "users", "filter": {"age": {"$gt": 5}, "in": [1, 2]}}',
      '{"find":"?","filter":{"age":{"$gt":"?"},"in":["?"]}}',
      'mongodb',
    );
    check('[{"$match": {"a": 1}}, {"$limit": 3}]', '[{"$match":{"a":"?"}},{"$limit":"?"}]');
    check('{not json', undefined);
    check('SET user:7 secret', 'SET ? ?', 'redis');
    check('7secret value', '? ?', 'redis');
  });

  it('is bounded', () => {
    const text = sanitizeQuery(`SELECT ${Array.from({ length: 50_000 }, (_, i) => `column${i}`).join(', ')} FROM t`);
    expect(text?.length).toBe(4096);
    expect(sanitizeQuery(`{"a": "${'x'.repeat(30_000)}"}`)).toBeUndefined();
  });

  it('lets no value out, whatever is around it and wherever it is cut', () => {
    const random = seeded(7);
    const secret = 'zq7secret';
    const values: Record<string, readonly string[]> = {
      any: [`'${secret}'`, `'it''s ${secret}'`, `N'${secret}'`, '8675309', '0x8675309', '86.75309e3'],
      mysql: [
        `"${secret}"`,
        String.raw`'a\'${secret}'`,
        String.raw`"\"${secret}"`,
        `"say ""${secret}"""`,
        `# ${secret}\n`,
      ],
      postgresql: [`$$${secret}$$`, `$q$ ' ${secret} $q$`, String.raw`E'a\'${secret}'`, `'${secret}'::text`],
      other_sql: [`"${secret}"`, String.raw`'a\\'`, `/* ${secret} */`, `-- ${secret}\n`],
    };
    const parts = [
      ' WHERE a = ',
      ' AND b IN (',
      ', ',
      ')',
      ' OR c LIKE ',
      ' = ',
      '(',
      ' BETWEEN ',
      '\n',
      ' || ',
      ' SET x = ',
    ];
    for (let round = 0; round < 3000; round++) {
      const system = oneOf(random, ['mysql', 'postgresql', 'other_sql', 'any']);
      const own = [...(values['any'] ?? []), ...(values[system] ?? [])];
      let text = oneOf(random, ['SELECT * FROM t', 'UPDATE t', 'INSERT INTO t VALUES (', 'DELETE FROM t']);
      for (let i = pick(random, 6); i >= 0; i--) text += oneOf(random, parts) + oneOf(random, own);
      if (pick(random, 3) === 0) text = text.slice(0, pick(random, text.length));
      const sanitized = sanitizeQuery(text, system === 'any' ? undefined : system) ?? '';
      expect(sanitized, text).not.toMatch(/zq7|8675|86\./);
    }
  });
});

describe('the summary of a query', () => {
  it('names what is done to which tables, in their order', () => {
    checkSummary('SELECT * FROM orders WHERE id = 1', 'SELECT orders', 'orders');
    checkSummary('select o.id from orders o left join customers as c on c.id = o.cid', 'SELECT orders customers');
    checkSummary(
      'INSERT INTO shop.items (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 2',
      'INSERT shop.items',
      'shop.items',
    );
    checkSummary('INSERT INTO a SELECT * FROM b', 'INSERT a SELECT b');
    checkSummary('UPDATE "Users" SET name = 1', 'UPDATE Users', 'Users');
    checkSummary('DELETE FROM ONLY a USING b WHERE a.id = b.id', 'DELETE a b');
    checkSummary('SELECT * FROM a, b AS bb, c cc', 'SELECT a b c');
    checkSummary('SELECT * FROM (SELECT id FROM deep) d', 'SELECT SELECT deep');
    checkSummary('CREATE TABLE IF NOT EXISTS foo (id int)', 'CREATE foo');
    checkSummary('TRUNCATE TABLE logs', 'TRUNCATE logs', 'logs');
    checkSummary('CALL refresh(1)', 'CALL refresh');
    checkSummary('EXPLAIN SELECT * FROM t', 'EXPLAIN SELECT t', 't');
    checkSummary('BEGIN', 'BEGIN');
    checkSummary('COMMIT; SELECT 1', 'COMMIT SELECT');
  });

  it('is not misled by other uses of its words', () => {
    checkSummary('SELECT EXTRACT(YEAR FROM ts), TRIM(BOTH FROM x) FROM t', 'SELECT t', 't');
    checkSummary('SELECT a FROM t WHERE a IS DISTINCT FROM b FOR UPDATE', 'SELECT t', 't');
    checkSummary('SELECT * FROM a JOIN b USING (id)', 'SELECT a b');
    checkSummary(
      'WITH t AS (SELECT * FROM orders) SELECT * FROM t JOIN customers ON 1 = 1',
      'SELECT orders SELECT customers',
    );
    checkSummary("SELECT 'FROM secrets' FROM t -- FROM other", 'SELECT t', 't');
  });

  it('has no operation of its own for documents, and one for commands', () => {
    expect(factsOf('{"find": 1}', 'mongodb')).toEqual({ text: '{"find":"?"}' });
    expect(factsOf('get key', 'redis')).toEqual({ text: 'get ?', summary: 'GET', operation: 'GET' });
    expect(factsOf('what is this?', 'postgresql')).toMatchObject({ summary: undefined, operation: undefined });
  });

  it('is bounded, with no word cut', () => {
    const { summary = '' } = factsOf(
      `SELECT * FROM ${Array.from({ length: 90 }, (_, i) => `table${i}`).join(', ')}`,
      'sqlite',
    );
    expect(summary.length).toBeLessThanOrEqual(255);
    expect(summary).toMatch(/ table\d+$/);
    expect(factsOf(`SELECT * FROM ${'x'.repeat(400)}`, 'sqlite').summary).toBe('SELECT');
  });
});
