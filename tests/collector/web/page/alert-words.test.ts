import { expect, test } from 'vitest';
import type { AlertSummary, Silence } from '../../../../collector/src/web/api.ts';
import {
  falseAlarmText,
  holding,
  judgedText,
  matchersText,
  moment,
  shownAlerts,
  stateText,
  takenOnText,
  toldTexts,
  untilText,
  windowText,
} from '../../../../collector/src/web/page/alert-words.ts';

const AT_MS = 1_800_000_000_000;
const AT = moment(AT_MS);
const told = { severity: 'critical', atMs: AT_MS, isOpen: true } as const;

function alert(wanted: Partial<AlertSummary> = {}): AlertSummary {
  return {
    id: 'g1',
    state: 'firing',
    sinceMs: AT_MS,
    subject: { key: 'k', name: 'orders POST /orders', attributes: {} },
    onsetMs: AT_MS,
    told: { log: told },
    severity: 'critical',
    peak: 'critical',
    changedMs: AT_MS,
    summary: '',
    memberCount: 1,
    isShown: true,
    ...wanted,
  };
}

function silence(wanted: Partial<Silence> = {}): Silence {
  const matchers = { attributes: {}, kinds: [], severities: [] };
  return { id: 's', ...matchers, startMs: AT_MS, comment: '', by: 'ada', isConfigured: false, ...wanted };
}

test('an alert says what it is, and why nobody is told where nobody is', () => {
  expect(stateText(alert())).toBe(`is told since ${AT}`);
  expect(stateText(alert({ state: 'pending', told: {} }))).toBe(`waits for what else its cause brings, since ${AT}`);
  expect(stateText(alert({ state: 'resolved' }))).toBe(`over since ${AT}`);
  expect(stateText(alert({ told: {} }))).toMatch(/no channel is told/);
  for (const [heldBy, why] of [
    ['silence', /silenced/],
    ['maintenance', /maintenance/],
    ['holiday', /holiday/],
  ] as const)
    expect(stateText(alert({ heldBy }))).toMatch(why);
  // What held it back while it went on says nothing of what is over.
  expect(stateText(alert({ state: 'resolved', heldBy: 'silence' }))).toBe(`over since ${AT}`);
});

test('it says who was told what and when, and who took it on', () => {
  const ops = { ...told, severity: 'warning', isOpen: false } as const;
  expect(toldTexts(alert({ told: { log: told, ops } }))).toEqual([
    `log: critical at ${AT}`,
    `ops: warning at ${AT}, and later that it is over`,
  ]);
  expect([toldTexts(alert({ told: {} })), takenOnText(alert())]).toEqual([[], undefined]);
  const acknowledged = { by: 'ada', atMs: AT_MS, severity: 'warning' } as const;
  expect(takenOnText(alert({ acknowledged }))).toBe(`by ada at ${AT}; told again only if it gets worse than warning`);
});

test('what was judged is counted, with its share of false alarms', () => {
  const counts = (useful: number, useless: number) => ({ key: 'k', name: 'n', useful, useless, atMs: 0 });
  expect(judgedText(undefined)).toBeUndefined();
  expect(judgedText(counts(0, 1))).toBe('of 1 alert of this that somebody judged, 1 was a false alarm');
  expect(judgedText(counts(3, 0))).toBe('of 3 alerts of this that somebody judged, 0 were false alarms');
  expect([counts(3, 1), counts(0, 0)].map(falseAlarmText)).toEqual(['25.0 %', '0 %']);
});

test('silences and windows say what they mean, and when', () => {
  expect(matchersText(silence())).toBe('everything');
  expect(matchersText(silence({ alert: 'g1' }))).toBe('alert g1');
  const attributes = { 'service.name': 'orders', 'span.name': 'POST *' };
  expect(matchersText(silence({ attributes, kinds: ['latency', 'error'], severities: ['info'] }))).toBe(
    'service.name orders, span.name POST *, latency or error, info',
  );
  expect(untilText(silence({ endMs: AT_MS }), AT_MS)).toBe(`until ${AT}`);
  expect(untilText(silence(), AT_MS - 1)).toBe(`from ${AT} for ever`);
  const window = { name: 'w', attributes: {}, kinds: [], severities: [], isOpen: false };
  const weekly = { days: ['mon', 'tue'], from: '22:00', to: '23:00', timeZone: 'UTC' };
  expect(windowText({ ...window, weekly })).toBe('mon, tue 22:00 to 23:00, UTC');
  expect(windowText({ ...window, once: { startMs: AT_MS, endMs: AT_MS } })).toBe(`${AT} to ${AT}`);
});

test('a silence is gone once its time is', () => {
  const silences = [silence({ endMs: AT_MS + 1 }), silence({ id: 'for ever' })];
  expect([AT_MS, AT_MS + 1].map((nowMs) => holding(silences, nowMs).length)).toEqual([2, 1]);
});

test('alerts too mild for the page are not shown', () => {
  const answer = { alertCount: 2, silences: [], maintenance: [], feedback: [] };
  const alerts = [alert(), alert({ id: 'mild', isShown: false })];
  expect([...shownAlerts({ ...answer, alerts }).keys()]).toEqual(['g1']);
  expect(shownAlerts(undefined).size).toBe(0);
});
