// What the configuration says of one component.
import type { MonitoringConfig } from './config.ts';
import type { Component } from './series-spec.ts';

/** What holds for a component. */
export function ruleOf(
  { adaptive_sampling, component_overrides }: MonitoringConfig,
  of: Component,
): { readonly baseIntervalS: number; readonly threshold: number } {
  const { base_interval = adaptive_sampling.base_interval, stability_threshold } = component_overrides[of];
  return { baseIntervalS: base_interval, threshold: stability_threshold };
}
