// No value survives, however it is quoted and whatever is in it.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sanitizeQuery } from '../../../sdk/src/observe/query-text.ts';

/** In every value, and in nothing else. */
const MARK = 'zqx';
const RUNS = { numRuns: 300, seed: 11 };

const inner = fc
  .tuple(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.constantFrom('', "'", '"', '--', '/*', '*/', '$$', '`', ';', '(', ', ', ' '),
  )
  .map(([text, mark]) => `${text}${mark} ${MARK} ${mark}`);

const single = inner.map((text) => `'${text.replaceAll('\\', '').replaceAll("'", "''")}'`);
const double = inner.map((text) => `"${text.replaceAll('\\', '').replaceAll('"', '""')}"`);
const escaped = inner.map((text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`);
const json = inner.map((text) => JSON.stringify(text));
const dollar = inner.map((text) => `$body$${text.replaceAll('$', '')}$body$`);
const number = fc.nat().map((n) => `${n}${MARK}`);
const delimited = inner.map((text) => `q'[${text.replaceAll(']', '')}]'`);
const pattern = inner.map((text) => `, /${text.replaceAll(/[\\/\n\r]/g, '')}/i`);
const comment = inner.map((text) => `/* ${text.replaceAll('*', '').replaceAll('/', '')} */`);
const line = inner.map((text) => `-- ${text.replaceAll('\n', '')}\n`);

/** Systems by what may stand in a query for them. */
const LANGUAGES: readonly (readonly [readonly (string | undefined)[], readonly fc.Arbitrary<string>[]])[] = [
  [
    ['postgresql', 'sqlite', 'oracle.db', 'microsoft.sql_server'],
    [single, dollar, number, comment, line],
  ],
  [['oracle.db'], [single, delimited, number]],
  [
    ['mysql', 'mariadb'],
    [single, escaped, double, number, comment, line],
  ],
  [['mongodb'], [escaped, json, pattern, number, comment, line]],
  [
    [undefined, 'another'],
    [single, double, escaped, json, dollar, number, comment, line],
  ],
  [['redis'], [single, double, escaped, json, number]],
];

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
);

describe('sanitizeQuery', () => {
  it('lets no value through', () => {
    for (const [systems, values] of LANGUAGES) {
      const query = fc.array(fc.tuple(between, fc.oneof(...values)), { minLength: 1, maxLength: 8 });
      fc.assert(
        fc.property(fc.constantFrom(...systems), query, (system, pieces) => {
          const text = `SELECT ${pieces.map((piece) => piece.join('')).join(' ')} FROM t`;
          expect(sanitizeQuery(text, system)).not.toContain(MARK);
        }),
        RUNS,
      );
    }
  });

  it('changes nothing of a shape', () => {
    const query = fc.array(fc.tuple(between, fc.oneof(single, number)), { maxLength: 6 });
    fc.assert(
      fc.property(query, (pieces) => {
        const shape = sanitizeQuery(`SELECT ${pieces.map((piece) => piece.join('')).join(' ')} FROM t`);
        expect(sanitizeQuery(shape)).toBe(shape);
      }),
      RUNS,
    );
  });

  it('takes any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(sanitizeQuery(text).isWellFormed()).toBe(true);
      }),
      RUNS,
    );
  });
});
