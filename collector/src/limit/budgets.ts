// Which limits hold for a metric: those of the first rule that matches it, the others' defaults. Pure.
import { compilePattern } from '../config/pattern.ts';
import type { LimitConfig } from './config.ts';
import { Templates } from './templates.ts';

/** Limits of one metric. */
export interface Budget {
  readonly maxSeries: number;
  readonly attributes: ReadonlyMap<string, number>;
  readonly templates: Templates;
  readonly fold: string;
}

/** Answers the limits of metrics. */
export function budgetsOf(config: LimitConfig): (service: string, name: string) => Budget {
  const defaults = budgetOf(config, {});
  const rules = config.metrics.map((rule) => {
    const { name, pattern, service } = rule.match;
    const matches =
      pattern === undefined ? (text: string) => name === undefined || text === name : compilePattern(pattern);
    return { service, matches, budget: budgetOf(config, rule) };
  });
  return (service, name) =>
    rules.find((rule) => (rule.service ?? service) === service && rule.matches(name))?.budget ?? defaults;
}

function budgetOf(config: LimitConfig, rule: Partial<LimitConfig['metrics'][number]>): Budget {
  return {
    maxSeries: rule.max_series ?? config.max_series,
    attributes: new Map(Object.entries({ ...config.attributes, ...rule.attributes })),
    templates: new Templates(rule.templates ?? config.templates),
    fold: rule.fold ?? config.fold,
  };
}
