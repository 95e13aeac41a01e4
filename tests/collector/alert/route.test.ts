import { expect, it } from 'vitest';
import { alertConfig } from '../../../collector/src/alert/config.ts';
import { channelsOf, rankOf, ruleOf, SEVERITIES } from '../../../collector/src/alert/route.ts';

/** The least severity of each channel. */
function leastOf(channels: object): Record<string, string> {
  const configured = channelsOf(alertConfig.parse({ channels }).channels);
  return Object.fromEntries([...configured].map(([name, config]) => [name, ruleOf(name, config).minSeverity]));
}

const url = 'http://127.0.0.1:1';

it('orders severities from mild to bad, what is over below all', () => {
  expect(SEVERITIES.map(rankOf)).toEqual([0, 1, 2, 3]);
  expect(rankOf('none')).toBe(-1);
});

it('tells the log of all, mail from critical on and the pager of emergencies', () => {
  expect(
    leastOf({
      mail: { type: 'email', host: 'mail.example.com', from: 'a@example.com', to: ['b@example.com'] },
      hook: { type: 'webhook', url },
      chat: { type: 'webhook', template: 'slack', url },
      pager: { type: 'webhook', template: 'pagerduty', routing_key: 'k' },
      fleet: { type: 'alertmanager', url },
    }),
  ).toEqual({ log: 'info', mail: 'critical', hook: 'warning', chat: 'warning', pager: 'emergency', fleet: 'warning' });
});

it('takes the least severity that is configured, for the log too', () => {
  const hook = { type: 'webhook', url, min_severity: 'info' };
  expect(leastOf({ log: { type: 'log', min_severity: 'critical' }, hook })).toEqual({ log: 'critical', hook: 'info' });
});

it('leaves out what is switched off', () => {
  expect(leastOf({ log: false, hook: false })).toEqual({});
});
