// What `evenkeel alert test` sends: marked as a test wherever somebody may read it. Pure.
import type { Severity, Violation } from '../baseline/contract.ts';
import type { Notification } from './contract.ts';

const SUMMARY = 'This is a test. Nothing happened.';

/** @param id tells this test from others, at receivers that know what they were told */
export function testNotification(id: string, severity: Severity, nowMs: number): Notification {
  const subject = { key: 'evenkeel-test', name: 'evenkeel test', attributes: { 'service.name': 'evenkeel' } };
  const times = { onsetMs: nowMs, raisedMs: nowMs, changedMs: nowMs };
  const ratio = { value: 1, low: 1, high: 1 };
  const explanation = { summary: SUMMARY, quantiles: [], calls: 0, oneInDays: Infinity, traceIds: [] };
  const member: Violation = { id, subject, kind: 'latency', severity, peak: severity, ...times, ratio, explanation };
  const group = { id, severity, peak: severity, onsetMs: nowMs, changedMs: nowMs, members: [member] };
  return { id, occasion: 'test', atMs: nowMs, severity, subject, onsetMs: nowMs, group };
}
