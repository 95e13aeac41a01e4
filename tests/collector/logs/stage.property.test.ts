// Whatever comes in which order: the books balance at every moment, and only what may be dropped is.
import { expect, it } from 'vitest';
import { logsBody, randomRecord, recordsOf, type RecordShape } from '../../support/log-records.ts';
import { logsRig } from '../../support/logs-rig.ts';
import { oneOf, pick, type Random, seeded } from '../../support/random.ts';

const WARN = 13;
/** What the plain rule calls severe: the number or, without one, a text that begins like that of a warning or worse. */
const SEVERE_WORDS = ['warn', 'err'];

/** Nothing is let go undecided. */
const PATIENT = { max_held: '4096KiB', max_wait: '1d', unseen_wait: '1d' };

interface Sent {
  readonly shape: RecordShape;
  readonly text: string;
}

function isSevere({ severity = 0, severityText = '' }: RecordShape): boolean {
  if (severity !== 0) return severity >= WARN;
  return SEVERE_WORDS.some((word) => severityText.toLowerCase().startsWith(word));
}

interface Story {
  readonly sent: readonly Sent[];
  readonly decisions: ReadonlyMap<string, boolean>;
  readonly rig: ReturnType<typeof logsRig>;
}

/** One random life of a stage, up to its stop. */
async function live(random: Random, settings: Readonly<Record<string, string>>): Promise<Story> {
  const rig = logsRig(settings);
  const maxBytes = 1024 * Number.parseInt(settings['max_held'] ?? '0', 10);
  const sent: Sent[] = [];
  const decisions = new Map<string, boolean>();
  const traces = Array.from({ length: 12 }, (_, i) => `trace ${i}`);
  for (let step = 0; step < 120; step++) {
    const trace = oneOf(random, traces);
    const dice = random();
    if (dice < 0.5) {
      const shapes = Array.from({ length: 1 + pick(random, 20) }, (_, i) => {
        const shape = randomRecord(random, traces);
        return { ...shape, says: `${step} ${i} ${shape.says}` };
      });
      const body = logsBody(...shapes);
      const texts = recordsOf(body);
      sent.push(...shapes.map((shape, i) => ({ shape, text: texts[i] ?? '' })));
      await rig.takeBody(body);
      expect(rig.counts().size).toBeLessThanOrEqual(maxBytes);
    } else if (dice < 0.65) {
      if (!decisions.has(trace)) rig.begin(trace);
    } else if (dice < 0.85) {
      if (decisions.has(trace)) continue;
      decisions.set(trace, random() < 0.5);
      rig.decide(trace, decisions.get(trace) === true);
    } else rig.advance(oneOf(random, [100, 600, 3000]));
    expect(rig.counts().balanced).toBe(true);
    expect(rig.counts().records).toBe(sent.length);
  }
  for (const trace of traces) {
    if (decisions.has(trace)) continue;
    decisions.set(trace, random() < 0.5);
    rig.decide(trace, decisions.get(trace) === true);
  }
  await rig.stage.stop();
  return { sent, decisions, rig };
}

function expectOnlyWhatMayBeDropped({ sent, decisions, rig }: Story): void {
  const arrived = rig.out.flatMap(({ body }) => recordsOf(body));
  const delivered = new Set(arrived);
  // Each at most once, and as it came, with all that surrounded it.
  expect(arrived).toHaveLength(delivered.size);
  const known = new Set(sent.map(({ text }) => text));
  expect(arrived.filter((text) => !known.has(text))).toEqual([]);
  const mayGo = ({ shape }: Sent): boolean =>
    !isSevere(shape) && shape.trace !== undefined && decisions.get(shape.trace) === false;
  expect(sent.filter((each) => !mayGo(each) && !delivered.has(each.text))).toEqual([]);
  const counts = rig.counts();
  const gone = sent.filter(({ text }) => !delivered.has(text));
  expect(counts.dropped).toBe(gone.length);
  expect(counts).toMatchObject({ held: 0, size: 0, balanced: true });
  // Records of dropped traces that got through were let go undecided, and are counted so.
  const { unseen = 0, max_held = 0, max_wait = 0 } = counts.passed;
  const through = sent.filter((each) => mayGo(each) && delivered.has(each.text));
  expect(through.length).toBeLessThanOrEqual(unseen + max_held + max_wait);
}

it.each<[string, Readonly<Record<string, string>>]>([
  ['held as long as it takes', PATIENT],
  ['unseen ones pass soon', { max_held: '4096KiB', max_wait: '1d', unseen_wait: '1s' }],
  ['unseen ones pass at once', { max_held: '4096KiB', max_wait: '1d', unseen_wait: '0s' }],
  ['little time', { max_held: '4096KiB', max_wait: '2s', unseen_wait: '1s' }],
  ['little room', { max_held: '8KiB', max_wait: '1d', unseen_wait: '1d' }],
  ['no room', { max_held: '0KiB' }],
])('keeps its books and drops only records below WARN of dropped traces: %s', async (_, settings) => {
  const random = seeded(17);
  let dropped = 0;
  for (let life = 0; life < 8; life++) {
    const story = await live(random, settings);
    expectOnlyWhatMayBeDropped(story);
    ({ dropped } = story.rig.counts());
    if (settings === PATIENT)
      expect(Object.keys(story.rig.counts().passed).sort()).toEqual(['kept', 'no_trace', 'severity']);
  }
  expect(dropped).toBeGreaterThan(0);
});
