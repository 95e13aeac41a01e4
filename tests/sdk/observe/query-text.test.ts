// What is left of the text of a query.
import { describe, expect, it } from 'vitest';
import { MAX_SHAPE_CHARS } from '../../../sdk/src/observe/query-shape.ts';
import { sanitizeQuery } from '../../../sdk/src/observe/query-facts.ts';

function check(text: string, expected: string, system?: string): void {
  expect(sanitizeQuery(text, system)).toBe(expected);
}

describe('sanitizeQuery', () => {
  it('replaces texts, numbers and placeholders', () => {
    check(
      `SELECT * FROM users WHERE name = 'O''Brien' AND age >= 42`,
      'SELECT * FROM users WHERE name = ? AND age >= ?',
    );
    check('SELECT a.b, -1.5e-3, .5, 0xFF, 1_000 FROM t2', 'SELECT a.b, ? FROM t2');
    check(
      'WHERE a = $1 AND b = :name AND c = @p1 AND d = ? AND e = ?2',
      'WHERE a = ? AND b = ? AND c = ? AND d = ? AND e = ?',
    );
    check(
      `SELECT X'4D', N'x', E'a\\'b', U&'d', _utf8'x', date '2026-01-01' FROM t`,
      'SELECT ?, date ? FROM t',
      'postgresql',
    );
    check('SELECT $$it is$$, $tag$ a $$ b $tag$ FROM t', 'SELECT ? FROM t');
    check('a::text = $1::int', 'a::text = ?::int');
    check('SELECT 5 - 3, x-1, y = -1', 'SELECT ? - ?, x-?, y = ?');
    check(
      'x IS NULL AND y = TRUE AND z IS NOT false AND t.true = trueish',
      'x IS NULL AND y = ? AND z IS NOT ? AND t.true = trueish',
    );
  });

  it('folds lists, and rows that look alike', () => {
    check('WHERE id IN (1, 2, 3)', 'WHERE id IN (?)');
    check('WHERE id IN ($1,$2)', 'WHERE id IN (?)');
    check(
      `INSERT INTO t (a,b,c) VALUES (1, now(), 'x'), (2, now(), 'y')`,
      'INSERT INTO t (a, b, c) VALUES (?, now(), ?)',
    );
    check('VALUES (1, now()), (2, later())', 'VALUES (?, now()), (?, later())');
    check('ARRAY[1, 2]', 'ARRAY[?]');
  });

  it('takes out comments and blanks', () => {
    check('SELECT 1 -- secret\n  FROM\t\tt /* a */ WHERE x # why\n;', 'SELECT ? FROM t WHERE x');
    check('SELECT 5--3, 6 -- secret\nFROM t', 'SELECT ?-? FROM t', 'mysql');
    check("SELECT a # 'b\nc' FROM t", 'SELECT a # ? FROM t', 'postgresql');
    check("SELECT a // 'b\nc' FROM t", 'SELECT a // ? FROM t', 'postgresql');
    check('SELECT 1 #secret\nFROM t', 'SELECT ? FROM t', 'mysql');
    check('SELECT 1 FROM #t', 'SELECT ? FROM #t', 'mssql');
    check('/* only */', '');
    check('SELECT a /* never closed', 'SELECT a');
  });

  it('finds the end of a comment in a comment, where the language tells it', () => {
    const text = "SELECT 1 /* a /* b */ c */ FROM t WHERE x = '*/ d'";
    check(text, 'SELECT ? FROM t WHERE x = ?', 'postgresql');
    check(text, 'SELECT ? FROM t WHERE x = ?', 'microsoft.sql_server');
    check("SELECT 1 /* a /* b */, 'c*/d' FROM t", 'SELECT ? FROM t', 'mysql');
    check(text, 'SELECT ?');
  });

  it('keeps what is in double quotes only where it is a name, where it may be a value', () => {
    for (const system of ['sqlite', 'microsoft.sql_server']) {
      check(
        `SELECT "u"."id", "u" . "name" AS "n" FROM "users" JOIN "main"."t" WHERE "u"."name" = "alice"`,
        `SELECT "u"."id", "u" . "name" AS "n" FROM "users" JOIN "main"."t" WHERE "u"."name" = ?`,
        system,
      );
      check(`SELECT "alice"`, 'SELECT ?', system);
      check(`INSERT INTO "t" VALUES ("a", "b")`, 'INSERT INTO "t" VALUES (?)', system);
      check(`UPDATE "t" SET a = "b" WHERE c IN ("d", "e")`, 'UPDATE "t" SET a = ? WHERE c IN (?)', system);
      check(`WHERE a IS NOT DISTINCT FROM "alice"`, 'WHERE a IS NOT DISTINCT FROM ?', system);
      check(
        `WHERE a LIKE "b" OR TRIM(LEADING "a" FROM "alice") < "c"`,
        'WHERE a LIKE ? OR TRIM(LEADING ? FROM ?) < ?',
        system,
      );
      check(`WHERE a IN (SELECT b FROM "t")`, 'WHERE a IN (SELECT b FROM "t")', system);
      check(`SELECT a FROM "never closed`, 'SELECT a FROM ?', system);
    }
    check(`SELECT ["it's], [1] FROM [ t ]`, `SELECT ["it's], [1] FROM [ t ]`, 'sqlite');
  });

  it('knows what a language puts into double quotes', () => {
    check('SELECT "a" FROM "b"', 'SELECT ? FROM ?');
    check('SELECT "a" FROM "b"', 'SELECT "a" FROM "b"', 'postgresql');
    check('SELECT `a` FROM "b"', 'SELECT `a` FROM ?', 'mysql');
    check(
      '{"email": "a@b.c", "age": {"$gt": 5}, "tags": ["x", "y"]}',
      '{"email": ?, "age": {"$gt": ?}, "tags": [?]}',
      'mongodb',
    );
    check(`{email: 'a@b.c'}`, '{email: ?}', 'mongodb');
    check('SELECT c.a ? "b" : "c", {"d": "e"}', 'SELECT c.a ? : ?, {"d": ?}', 'azure.cosmosdb');
    check('FROM logs | WHERE a == "b"::keyword', 'FROM logs | WHERE a == ?::keyword', 'elasticsearch');
  });

  it('leaves nothing of what could be a value', () => {
    check(`SELECT 'it\\'s', hidden FROM t`, 'SELECT ?');
    check(`SELECT 'it\\'s', seen FROM t`, 'SELECT ?, seen FROM t', 'mysql');
    check(`SELECT 'C:\\', seen FROM t`, 'SELECT ?, seen FROM t', 'postgresql');
    check(`SELECT 'never closed`, 'SELECT ?');
    check('SELECT "never closed', 'SELECT ?', 'postgresql');
    check('SELECT $$never closed', 'SELECT ?');
    check('SELECT [never closed', 'SELECT ?', 'mssql');
  });

  it('knows the odd quotes of some languages', () => {
    check(`SELECT q'[it's]', nq'!it's!', q'x never closed`, 'SELECT ?', 'oracle.db');
    check(`SELECT [it's], [a]]b] FROM [t] WHERE a = 'b'`, `SELECT [it's], [a]]b] FROM [t] WHERE a = ?`, 'mssql');
    check(`SELECT e'it\\'s', b'\\'', U&"d\\0061" FROM t`, 'SELECT ?, U&"d\\0061" FROM t', 'postgresql');
    check(`SELECT e 'C:\\', seen FROM t`, 'SELECT e ?, seen FROM t', 'postgresql');
    check("SELECT €5.10, -$7, $1$$it's$$ FROM t", 'SELECT ? FROM t', 'mssql');
    check(`WHERE a->>'$.b' = 'c' AND d #>> '{e}' = 1.5e-7`, 'WHERE a->>? = ? AND d #>> ? = ?', 'postgresql');
    check(`SELECT '''it's hidden''' FROM t`, 'SELECT ?');
    check(`SELECT '''seen' FROM t`, 'SELECT ? FROM t', 'postgresql');
    check('{name: /hid\\/den/i, "x": {$regex: /a/}, n: `hidden`}', '{name: ?, "x": {$regex: ?}, n: ?}', 'mongodb');
    check('{ratio: a / b}', '{ratio: a / b}', 'mongodb');
  });

  it('leaves the word of a command', () => {
    check('SET session:17 hunter2 EX 60', 'SET ?', 'redis');
    check('SET session:17 hunter2', 'SET ?', 'keydb');
    check('PING', 'PING', 'redis');
    check('"odd" command', '?', 'redis');
    check('GET:x', '?', 'valkey');
  });

  it('takes whatever it is given', () => {
    for (const value of [undefined, null, 5, {}, [], Symbol('x')]) expect(sanitizeQuery(value as never)).toBe('');
    for (const text of ['', ' ', '(', ')', ']]]', "'", '"', '`', '$', '\\', ':', '@', '/', '\u{d800}', '--', '/*'])
      expect(typeof sanitizeQuery(text, 'nobody knows')).toBe('string');
    expect(sanitizeQuery('SELECT 1', 5 as never)).toBe('SELECT ?');
  });

  it('answers the same when asked again, in each language', () => {
    const text = 'SELECT "a" FROM t WHERE b = 1';
    for (let i = 0; i < 3; i++) {
      check(text, 'SELECT ? FROM t WHERE b = ?');
      check(text, 'SELECT "a" FROM t WHERE b = ?', 'postgresql');
    }
    for (let i = 0; i < 500; i++) check(`SELECT a${i} = ${i}`, `SELECT a${i} = ?`);
    check(text, 'SELECT ? FROM t WHERE b = ?');
  });

  it('is bounded', () => {
    for (const piece of ['a ', '(', '((1,', `x = 'y' AND `, '{', '$a', "\\'", '😀 ']) {
      const shape = sanitizeQuery(piece.repeat(100_000));
      expect(shape.length).toBeLessThanOrEqual(MAX_SHAPE_CHARS);
      expect(shape.isWellFormed()).toBe(true);
    }
    expect(sanitizeQuery('a '.repeat(100_000))).toMatch(/…$/);
  });
});
