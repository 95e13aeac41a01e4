// What configuration and running code both know.
import type { ViolationKind } from '../baseline/contract.ts';

/** Every kind of violation. */
export const KINDS = [
  'latency',
  'error',
  'throughput',
  'hang',
  'resource',
  'target',
  'data_loss',
] as const satisfies readonly ViolationKind[];

/** Sunday first, as in `Date`. */
export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

/** Where PagerDuty takes events. @see https://developer.pagerduty.com/docs/send-alert-event */
export const PAGERDUTY_URL = 'https://events.pagerduty.com/v2/enqueue';
