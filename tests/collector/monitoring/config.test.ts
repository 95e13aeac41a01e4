import { describe, expect, it } from 'vitest';
import { ruleOf } from '../../../collector/src/monitoring/component-rule.ts';
import { monitoringConfig } from '../../../collector/src/monitoring/config.ts';
import { parseConfig } from '../../../collector/src/config/load.ts';

/** As systems that came before have it. */
const BLOCK = `monitoring:
  adaptive_sampling: { enabled: true, base_interval: 5.0, max_interval: 300.0, min_interval: 1.0 }
  component_overrides:
    memory:  { base_interval: 30.0,  stability_threshold: 0.02 }
    cpu:     { base_interval: 5.0,   stability_threshold: 0.10 }
    disk:    { base_interval: 300.0, stability_threshold: 0.01 }
    network: { base_interval: 10.0,  stability_threshold: 0.05 }
`;

describe('the configuration of monitoring', () => {
  it('takes the block as it stands, and has it as its defaults', () => {
    expect(parseConfig(BLOCK, 'block.yaml')).toEqual(parseConfig('', 'defaults'));
  });

  it('is switched off as a room', () => {
    expect(parseConfig('monitoring: false', 'off.yaml').monitoring).toBe(false);
  });

  it('gives components that have no interval of their own that of all', () => {
    const config = monitoringConfig.parse({ adaptive_sampling: { base_interval: 7 } });
    expect(ruleOf(config, 'process').baseIntervalS).toBe(7);
    expect(ruleOf(config, 'disk')).toEqual({ baseIntervalS: 300, threshold: 0.01 });
  });

  it.each([
    ['{ adaptive_sampling: { min_interval: 10, max_interval: 5 } }', 'min_interval must not exceed max_interval'],
    ['{ adaptive_sampling: { base_interval: 5s } }', 'must be a number of seconds'],
    ['{ component_overrides: { cpu: { stability_threshold: 10 } } }', 'stability_threshold'],
    ['{ component_overrides: { gpu: {} } }', 'gpu'],
    ['{ heartbeat: 301 }', 'heartbeat: must be a number of seconds from 1 to 300'],
  ])('refuses %s', (block, message) => {
    expect(() => parseConfig(`monitoring: ${block}`, 'bad.yaml')).toThrow(message);
  });
});
