// No value survives, however it is quoted and whatever is in it.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sanitizeQuery } from '../../../sdk/src/observe/query-facts.ts';

/** In every text and in every number, and in nothing else. */
const MARK = 'zqx';
const DIGITS = '90709';
const RUNS = { numRuns: 300, seed: 11 };

const inner = fc
  .tuple(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.constantFrom('', "'", '"', '--', '-- \n', '#', '//', '/*', '*/', '$$', '`', '[', ']', ';', '(', ', ', ' '),
  )
  .map(([text, mark]) => `${text}${mark} ${MARK} ${mark}`);

const plain = inner.map((text) => text.replaceAll('\\', ''));
const single = plain.map((text) => `'${text.replaceAll("'", "''")}'`);
const double = plain.map((text) => `"${text.replaceAll('"', '""')}"`);
/** Where a backslash is nothing but itself. */
const literal = inner.map((text) => `'${text.replaceAll("'", "''")}\\'`);
const escaped = inner.map((text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`);
const json = inner.map((text) => JSON.stringify(text));
const dollar = inner.map((text) => `$body$${text.replaceAll('$', '')}$body$`);
const number = fc.oneof(
  fc.constantFrom('', '-', '0x', '.', '-0.').map((sign) => `${sign}${DIGITS}`),
  fc.constantFrom('e5', 'E-7', '.5', 'n', '_000', MARK).map((end) => `${DIGITS}${end}`),
);
const delimited = fc
  .tuple(inner, fc.constantFrom('[]', '{}', '<>', '()', '!!', '||'))
  .map(([text, [open = '', close = '']]) => `q'${open}${text.replaceAll(`${close}'`, '')}${close}'`);
const pattern = inner.map((text) => `, /${text.replaceAll(/[\\/\n\r]/g, '')}/i`);
const comment = inner.map((text) => `/* ${text.replaceAll('*', '').replaceAll('/', '')} */`);
const line = inner.map((text) => `-- ${text.replaceAll('\n', '')}\n`);
const hash = inner.map((text) => `#${text.replaceAll('\n', '')}\n`);
const after = (prefixes: readonly string[], text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(fc.constantFrom(...prefixes), text).map((parts) => parts.join(''));

/** Systems by what may stand in a query for them. */
const LANGUAGES: readonly (readonly [readonly (string | undefined)[], readonly fc.Arbitrary<string>[]])[] = [
  [
    ['postgresql', 'cockroachdb'],
    [
      single,
      literal,
      dollar,
      after(['E', 'e', 'b'], escaped),
      after(['U&', 'x', 'N', 'date'], single),
      number,
      comment,
      line,
    ],
  ],
  [
    ['sqlite', 'microsoft.sql_server', 'mssql'],
    [single, literal, double, dollar, after(['N', 'x'], single), number, after(['$', '€'], number), comment, line],
  ],
  [
    ['oracle.db'],
    [
      single,
      literal,
      dollar,
      delimited,
      after(['n'], delimited),
      after(['N', 'TIMESTAMP '], single),
      number,
      comment,
      line,
    ],
  ],
  [
    ['mysql', 'mariadb'],
    [single, escaped, double, after(['_utf8mb4', 'x', 'n'], escaped), number, comment, line, hash],
  ],
  [
    ['mongodb', 'elasticsearch', 'azure.cosmosdb'],
    [escaped, json, pattern, number, comment, line],
  ],
  [
    [undefined, 'another'],
    [single, double, escaped, json, dollar, number, comment, line],
  ],
  [
    ['redis', 'memcached'],
    [single, double, escaped, json, number],
  ],
];

const SYSTEMS = LANGUAGES.flatMap(([systems]) => systems);

const between = fc.constantFrom(
  ' ',
  ', ',
  ' = ',
  ' AND ',
  '(',
  ')',
  ' x IN (',
  ' || ',
  '\n',
  ' LIKE ',
  '+',
  ' t.a >= ',
  ' <> ',
  ' IS DISTINCT FROM ',
  ' VALUES (',
  ' BETWEEN ',
  '; SELECT ',
  ' ? : ',
  '::',
  ' AND (SELECT a FROM t WHERE b IN (',
);

describe('sanitizeQuery', () => {
  it('lets no value through', () => {
    for (const [systems, values] of LANGUAGES) {
      const query = fc.array(fc.tuple(between, fc.oneof(...values)), { minLength: 1, maxLength: 8 });
      fc.assert(
        fc.property(fc.constantFrom(...systems), query, fc.nat(9), (system, pieces, cut) => {
          const text = `SELECT ${pieces.map((piece) => piece.join('')).join(' ')}`;
          // Of a statement that is cut, what is left of its last value is one as well.
          for (const sent of [`${text} FROM t`, text.slice(0, text.length - cut)]) {
            expect(sanitizeQuery(sent, system)).not.toContain(MARK);
            expect(sanitizeQuery(sent, system)).not.toContain(DIGITS);
          }
        }),
        RUNS,
      );
    }
  });

  it('changes nothing of a shape', () => {
    const query = fc.array(fc.tuple(between, fc.oneof(single, double, number)), { maxLength: 6 });
    fc.assert(
      fc.property(fc.constantFrom(...SYSTEMS), query, (system, pieces) => {
        const shape = sanitizeQuery(`SELECT ${pieces.map((piece) => piece.join('')).join(' ')} FROM t`, system);
        expect(sanitizeQuery(shape, system)).toBe(shape);
      }),
      RUNS,
    );
  });

  it('takes any text', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SYSTEMS), fc.string({ unit: 'binary' }), (system, text) => {
        expect(sanitizeQuery(text, system).isWellFormed()).toBe(true);
      }),
      RUNS,
    );
  });
});
