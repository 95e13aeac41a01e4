// What `alert` counts: alerts by what they are now, and each notification by what became of it.
import type { Instruments } from '../pipeline/contract.ts';
import { SEVERITIES } from './route.ts';
import { KINDS } from './defaults.ts';

/**
 * What became of a notification: made = delivered + … + queued. `superseded` gave way to a newer one of the same alert,
 * `failed` is one that could not be delivered in time, `refused` one that the receiver does not want at all, `unclear`
 * one of which nobody knows, because the sidecar ended meanwhile.
 */
export const OUTCOMES = [
  'delivered',
  'refused',
  'failed',
  'rate_limited',
  'queue_full',
  'superseded',
  'unclear',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const HELD_BY = ['silence', 'maintenance', 'holiday'] as const;
/** Why nobody is told. */
export type HeldBy = (typeof HELD_BY)[number];

export const alertInstruments = {
  alerts: {
    kind: 'gauge',
    unit: '{alert}',
    description: 'Alerts known: those that wait for what else their cause brings, that fire, and that are over.',
    attributes: { severity: SEVERITIES, state: ['pending', 'firing', 'resolved'] },
  },
  open_violations: {
    kind: 'gauge',
    unit: '{violation}',
    description: 'Violations that go on, members of alerts.',
    attributes: { severity: SEVERITIES, kind: KINDS },
  },
  violations: {
    kind: 'counter',
    unit: '{violation}',
    description: 'Violations that began, by their kind.',
    attributes: { kind: KINDS },
  },
  notifications: {
    kind: 'counter',
    unit: '{notification}',
    description: 'Notifications by channel and by what became of them.',
    attributes: { channel: 'config', outcome: OUTCOMES },
  },
  resent: {
    kind: 'counter',
    unit: '{notification}',
    description: 'What a channel was told before, sent again only so that it is not taken for over.',
    attributes: { channel: 'config' },
  },
  queued: {
    kind: 'gauge',
    unit: '{notification}',
    description: 'Notifications that wait for their channel.',
    attributes: { channel: 'config' },
  },
  silenced: {
    kind: 'counter',
    unit: '{alert}',
    description: 'Alerts held back, by why nobody was told.',
    attributes: { by: HELD_BY },
  },
  dropped: {
    kind: 'counter',
    unit: '{alert}',
    description: 'Alerts that were not taken in, because there were too many.',
    attributes: { reason: ['max_alerts'] },
  },
  feedback: {
    kind: 'counter',
    unit: '{alert}',
    description: 'Answers to the question whether an alert was useful.',
    attributes: { useful: ['yes', 'no'] },
  },
} as const satisfies Instruments;
