// The sidecar's event stream, read in any pieces, and what of it is news.
import { describe, expect, it } from 'vitest';
import { SidecarAlerts } from '../../../sdk/src/monitor/sidecar-alerts.ts';
import { EventReader } from '../../../sdk/src/monitor/sse.ts';
import { pick, seeded } from '../../support/random.ts';

const WANTED = new Set(['alerts', 'violations']);

describe('EventReader', () => {
  const stream =
    'retry: 2000\n\nevent: operations\ndata: {"a":1}\n\nevent: alerts\ndata: {"b":2}\n\n: note\nevent: violations\r\ndata:1\r\ndata: 2\r\n\r\n';
  const expected = [
    { name: 'alerts', data: '{"b":2}' },
    { name: 'violations', data: '1\n2' },
  ];

  it('reads the same however the stream is cut', () => {
    const random = seeded(5);
    for (let round = 0; round < 50; round++) {
      const reader = new EventReader(WANTED, 100);
      const events = [];
      for (let at = 0; at < stream.length;) {
        const size = 1 + pick(random, 12);
        events.push(...(reader.take(stream.slice(at, at + size)) ?? []));
        at += size;
      }
      expect(events).toEqual(expected);
    }
  });

  it('keeps nothing of what nobody wants, and ends where too much is said', () => {
    const reader = new EventReader(WANTED, 1000);
    reader.take('event: operations\ndata: ');
    for (let i = 0; i < 100; i++) expect(reader.take('x'.repeat(500))).toEqual([]);
    expect(reader.take('\n\nevent: alerts\ndata: {}\n\n')).toEqual([{ name: 'alerts', data: '{}' }]);
    reader.take('event: alerts\ndata: ');
    expect(reader.take('x'.repeat(990))).toEqual([]);
    expect(reader.take('x'.repeat(20))).toBeUndefined();
  });
});

const alert = (id: string, state: string, severity: string): object => ({
  id,
  state,
  severity,
  peak: 'critical',
  sinceMs: 5,
  subject: { key: 'k', name: 'orders POST /orders', attributes: { 'service.name': 'orders' } },
  summary: 'takes twice as long',
});

describe('alerts of the sidecar', () => {
  it('are news once: raised, worse, over', () => {
    const alerts = new SidecarAlerts();
    alerts.takeViolations({ groups: [{ id: '1', members: [{ kind: 'latency' }, { kind: 'error' }] }] });
    const take = (...some: object[]): string[] =>
      alerts
        .takeAlerts({ alerts: some })
        .map(([type, { id, state, severity }]) => [type, id, state, severity].join(' '));
    expect(take(alert('0', 'resolved', 'none'))).toEqual([]);
    expect(take(alert('1', 'pending', 'warning'))).toEqual([]);
    expect(take(alert('1', 'firing', 'warning'), alert('2', 'firing', 'info'))).toEqual([
      'latency 1 firing warning',
      'alert 2 firing info',
    ]);
    expect(take(alert('1', 'firing', 'warning'), alert('2', 'firing', 'info'))).toEqual([]);
    expect(take(alert('1', 'firing', 'critical'), alert('2', 'firing', 'info'))).toEqual(['latency 1 firing critical']);
    expect(take(alert('1', 'resolved', 'none'))).toEqual(['latency 1 resolved critical', 'alert 2 resolved info']);
    expect(take(alert('1', 'resolved', 'none'))).toEqual([]);
  });

  it('are not begun with while they are held, and told to their end', () => {
    const alerts = new SidecarAlerts();
    const take = (more: object): string[] =>
      alerts
        .takeAlerts({ alerts: [{ ...alert('1', 'firing', 'warning'), ...more }] })
        .map(([, { state, severity }]) => `${state} ${severity}`);
    expect(take({ heldBy: 'silence' })).toEqual([]);
    expect(take({ isShown: false })).toEqual([]);
    expect(take({ isShown: true })).toEqual(['firing warning']);
    expect(take({ isShown: true, severity: 'critical', heldBy: 'silence' })).toEqual(['firing critical']);
    expect(take({ isShown: false, state: 'resolved', heldBy: 'silence' })).toEqual(['resolved critical']);
  });

  it('carry what the sidecar says of them', () => {
    const [[, data] = []] = new SidecarAlerts().takeAlerts({ alerts: [alert('1', 'firing', 'warning')] });
    expect(data).toEqual({
      id: '1', source: 'sidecar', state: 'firing', severity: 'warning', subject: 'orders POST /orders',
      attributes: { 'service.name': 'orders' }, summary: 'takes twice as long', sinceMs: 5,
    }); // prettier-ignore
  });

  it('are read from anything', () => {
    const alerts = new SidecarAlerts();
    for (const answer of [
      undefined,
      null,
      5,
      [],
      {},
      { alerts: 5 },
      { alerts: [null, 5, {}, { id: 5 }] },
      { groups: [null, { id: 'x', members: 5 }] },
    ]) {
      alerts.takeViolations(answer);
      expect(alerts.takeAlerts(answer)).toEqual([]);
    }
    expect(alerts.takeAlerts({ alerts: [{ id: '1', state: 'firing' }] })).toMatchObject([
      ['alert', { severity: 'warning', subject: '', attributes: {} }],
    ]);
  });
});
