// Relabelling as Prometheus does it: rules in order, each over the labels the one before left.
// @see Prometheus, Configuration, relabel_config
import { createHash } from 'node:crypto';
import { compileWhole, type MatchedGroups } from '../config/pattern.ts';
import type { RelabelRule } from './relabel-config.ts';

/** Labels by name, of one target or one sample; without empty values. */
export type Labels = Map<string, string>;

/** Changes labels in place. @returns false where they are to be dropped */
export type Relabel = (labels: Labels) => boolean;

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Compiles sound rules. */
export function relabelBy(rules: readonly RelabelRule[]): Relabel {
  const steps = rules.map(stepOf);
  return (labels) => steps.every((step) => step(labels));
}

function stepOf(rule: RelabelRule): Relabel {
  const match = compileWhole(rule.regex);
  const { source_labels, separator, target_label = '', modulus = 1 } = rule;
  const joined = (labels: Labels): string => source_labels.map((name) => labels.get(name) ?? '').join(separator);
  switch (rule.action) {
    case 'keep':
      return (labels) => match(joined(labels)) !== undefined;
    case 'drop':
      return (labels) => match(joined(labels)) === undefined;
    case 'replace':
      return replaceStep(rule, match, joined);
    case 'hashmod':
      return (labels) => {
        labels.set(target_label, String(hashOf(joined(labels)) % BigInt(modulus)));
        return true;
      };
    case 'labelmap':
      return mapStep(rule, match);
    case 'labeldrop':
      return withoutNames((name) => match(name) !== undefined);
    case 'labelkeep':
      return withoutNames((name) => match(name) === undefined);
  }
}

type Match = (text: string) => MatchedGroups | undefined;

function replaceStep(
  { target_label = '', replacement }: RelabelRule,
  match: Match,
  joined: (labels: Labels) => string,
) {
  const target = template(target_label);
  const written = template(replacement);
  return (labels: Labels): boolean => {
    const groups = match(joined(labels));
    if (groups === undefined) return true;
    const name = target(groups);
    if (!LABEL_NAME.test(name)) return true;
    const value = written(groups);
    if (value === '') labels.delete(name);
    else labels.set(name, value);
    return true;
  };
}

function mapStep({ replacement }: RelabelRule, match: Match): Relabel {
  const written = template(replacement);
  return (labels) => {
    for (const [name, value] of new Map(labels)) {
      const groups = match(name);
      if (groups !== undefined) labels.set(written(groups), value);
    }
    return true;
  };
}

function withoutNames(isDropped: (name: string) => boolean): Relabel {
  return (labels) => {
    for (const name of labels.keys()) if (isDropped(name)) labels.delete(name);
    return true;
  };
}

/** The last 8 of MD5's 16 bytes, big-endian, so that shares are the same as Prometheus makes them. */
function hashOf(text: string): bigint {
  return createHash('md5').update(text).digest().readBigUInt64BE(8);
}

/** `$1`, `${1}`, `$name`, `${name}`, and `$$` for a dollar; a group that is not there is empty. @see Go, regexp.Expand */
function template(text: string): (groups: MatchedGroups) => string {
  const parts = text.split(/(\$\$|\$\w+|\$\{\w+\})/).filter((part) => part !== '');
  const makers = parts.map((part): ((groups: MatchedGroups) => string) => {
    if (part === '$$') return () => '$';
    const name = /^\$\{?(\w+)\}?$/.exec(part)?.[1];
    if (name === undefined) return () => part;
    if (/^\d+$/.test(name)) return ({ numbered }) => numbered[Number(name)] ?? '';
    return ({ named }) => named(name);
  });
  return (groups) => makers.map((make) => make(groups)).join('');
}
