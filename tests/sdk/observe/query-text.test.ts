// What is left of the text of a query.
import { describe, expect, it } from 'vitest';
import { MAX_SHAPE_CHARS } from '../../../sdk/src/observe/query-shape.ts';
import { sanitizeQuery } from '../../../sdk/src/observe/query-text.ts';

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
    check('x IS NULL AND y = TRUE', 'x IS NULL AND y = TRUE');
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
    check('SELECT 1 -- secret\n  FROM\t\tt /* a /* b */ c */ WHERE x # why\n;', 'SELECT ? FROM t WHERE x');
    check('SELECT 1 #secret\nFROM t', 'SELECT ? FROM t', 'mysql');
    check('SELECT 1 FROM #t', 'SELECT ? FROM #t', 'mssql');
    check('/* only */', '');
    check('SELECT a /* never closed', 'SELECT a');
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
