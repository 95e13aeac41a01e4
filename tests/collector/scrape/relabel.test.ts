// Relabelling, by what Prometheus documents and does.
import { describe, expect, it } from 'vitest';
import { relabelBy } from '../../../collector/src/scrape/relabel.ts';
import { rules } from '../../support/scraped.ts';

type Plain = Readonly<Record<string, string>>;

/** Labels after rules; undefined where they are dropped. */
function check(labels: Plain, written: Record<string, unknown>[], expected: Plain | undefined): void {
  const all = new Map(Object.entries(labels));
  const isKept = relabelBy(rules(...written))(all);
  expect(isKept ? Object.fromEntries([...all].sort()) : undefined).toEqual(expected);
}

const ABC = { a: 'foo', b: 'bar', c: 'baz' };

describe('relabelling', () => {
  it('replaces with groups of the whole joined value', () => {
    check(ABC, [{ source_labels: ['a'], regex: 'f(.*)', target_label: 'd', replacement: 'ch${1}-ch${1}' }], {
      ...ABC,
      d: 'choo-choo',
    });
    check(ABC, [{ source_labels: ['a', 'b'], regex: 'f(.*);(.*)r', target_label: 'a', replacement: 'b${1}${2}m' }], {
      ...ABC,
      a: 'boobam',
    });
    check(ABC, [{ source_labels: ['a'], regex: 'o', target_label: 'd', replacement: 'x' }], ABC);
    check(ABC, [{ source_labels: ['a'], target_label: 'd' }], { ...ABC, d: 'foo' });
    check(ABC, [{ source_labels: ['a', 'b'], separator: '-', target_label: 'd' }], { ...ABC, d: 'foo-bar' });
    check(ABC, [{ source_labels: ['none'], target_label: 'a', regex: 'x' }], ABC);
    check(ABC, [{ target_label: 'd', replacement: 'static' }], { ...ABC, d: 'static' });
  });

  it('takes a label away where its value becomes empty', () => {
    check(ABC, [{ source_labels: ['a'], regex: '(f).*', target_label: 'b', replacement: '$2' }], {
      a: 'foo',
      c: 'baz',
    });
    check(ABC, [{ source_labels: ['none'], target_label: 'a' }], { b: 'bar', c: 'baz' });
  });

  it('writes to a label whose name comes from groups, if it is one', () => {
    check(
      { a: 'some-name-value' },
      [{ source_labels: ['a'], regex: 'some-([^-]+)-([^,]+)', replacement: '${2}', target_label: '${1}' }],
      { a: 'some-name-value', name: 'value' },
    );
    check(
      { a: 'some-name-0' },
      [{ source_labels: ['a'], regex: 'some-([^-]+)-([^,]+)', replacement: '${1}', target_label: '${2}' }],
      { a: 'some-name-0' },
    );
    check(
      { a: 'x' },
      [{ source_labels: ['a'], regex: '(?P<it>.)', replacement: '${it}${it}$$1$it_', target_label: 'b' }],
      { a: 'x', b: 'xx$1' },
    );
  });

  it('keeps and drops', () => {
    check(ABC, [{ source_labels: ['a'], regex: 'foo|no', action: 'keep' }], ABC);
    check(ABC, [{ source_labels: ['a'], regex: 'no', action: 'keep' }], undefined);
    check(
      ABC,
      [
        { source_labels: ['a'], regex: '.*o.*', action: 'drop' },
        { target_label: 'd', replacement: 'x' },
      ],
      undefined,
    );
    check(ABC, [{ source_labels: ['a'], regex: 'f|o', action: 'drop' }], ABC);
    check({ a: 'x\ny' }, [{ source_labels: ['a'], regex: 'x.y', action: 'keep' }], { a: 'x\ny' });
    check(ABC, [{ source_labels: ['none'], regex: '', action: 'keep' }], ABC);
  });

  it('makes the same shares of a hash as Prometheus', () => {
    check(
      { a: 'foo', b: 'bar', c: 'baz' },
      [{ source_labels: ['c'], target_label: 'd', modulus: 1000, action: 'hashmod' }],
      { ...ABC, d: '976' },
    );
    check({ a: 'foo\nbar' }, [{ source_labels: ['a'], target_label: 'b', modulus: 1000, action: 'hashmod' }], {
      a: 'foo\nbar',
      b: '734',
    });
  });

  it('maps, drops and keeps by name', () => {
    const found = { a: 'foo', b1: 'bar', b2: 'baz' };
    check(found, [{ regex: '(b.*)', action: 'labelmap', replacement: 'bar_${1}' }], {
      ...found,
      bar_b1: 'bar',
      bar_b2: 'baz',
    });
    check({ __meta_my_bar: 'aaa', a: 'x' }, [{ regex: '__meta_(my.*)', action: 'labelmap' }], {
      __meta_my_bar: 'aaa',
      a: 'x',
      my_bar: 'aaa',
    });
    check(found, [{ regex: 'b.*', action: 'labeldrop' }], { a: 'foo' });
    check(found, [{ regex: 'b.*', action: 'labelkeep' }], { b1: 'bar', b2: 'baz' });
  });
});

describe('a rule that is wrong', () => {
  const problem = (rule: Record<string, unknown>): string => {
    try {
      rules(rule);
      return 'none';
    } catch (error) {
      const { issues } = error as { issues: { path: string[]; message: string }[] };
      return issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ');
    }
  };

  it('is said to be', () => {
    expect(problem({})).toBe('target_label is needed by replace');
    expect(problem({ target_label: '1a' })).toBe('target_label is no name of a label');
    expect(problem({ target_label: 'a', regex: '(' })).toContain('regex is no regular expression in RE2 syntax');
    expect(problem({ action: 'hashmod', target_label: 'a' })).toBe('modulus is needed by hashmod');
    expect(problem({ action: 'hashmod', target_label: '$1', modulus: 2 })).toBe('target_label is no name of a label');
    expect(problem({ action: 'keep', regex: 'a' })).toBe('source_labels is needed by keep');
    expect(problem({ action: 'keep', source_labels: ['a'], modulus: 2 })).toBe('modulus is of no use to keep');
    expect(problem({ action: 'labeldrop', source_labels: ['a'] })).toBe('source_labels is of no use to labeldrop');
    expect(problem({ action: 'labelmap', replacement: '-' })).toBe('replacement makes no name of a label');
    expect(problem({ action: 'labelmap', target_label: 'a' })).toBe('target_label is of no use to labelmap');
    expect(problem({ action: 'lowercase' })).toContain('action');
    expect(problem({ target_label: 'a', regexp: 'a' })).toContain('regexp');
  });
});
