// What the sampling stage does beside its policies: wishes, a shadow, early decisions, hard caps, reasons, warnings.
import { expect, test } from 'vitest';
import type { DecodedSpan } from '../../support/decoded.ts';
import { staged } from '../../support/staged-sampling.ts';
import { HIGH, linksTo, LOW, root, span } from '../../support/trace-scene.ts';
import type { TestSpan } from '../../support/traffic.ts';

const HALF = [{ name: 'half', type: 'probabilistic', ratio: 0.5 }];
const ERRORS = [{ name: 'errors', type: 'status' }];

const names = (kept: readonly DecodedSpan[]): (string | undefined)[] => kept.map(({ span: each }) => each.name);

function reasonsOf({ span: { attributes = [] } }: DecodedSpan): Record<string, unknown> {
  const own = attributes.filter(({ key = '' }) => key.startsWith('sampling.'));
  return Object.fromEntries(own.map(({ key = '', value }) => [key, value?.stringValue ?? value?.boolValue]));
}

test('says in kept spans which policy kept them, and how', async () => {
  const { host, kept, take } = await staged({ policies: [...ERRORS, ...HALF], max_trace_spans: 16 });
  await take(root(1, LOW, { statusCode: 2 }), root(2, HIGH), ...Array.from({ length: 16 }, () => span(3, HIGH)));
  host.clock.advance(1500);
  await take(span(2, HIGH, { name: 'late' }));
  const reasons = Object.groupBy(kept, ({ span: { name = '' } }) => name);
  const check = (name: string, expected: object): void =>
    expect(reasonsOf(reasons[name]?.[0] ?? expect.fail(name)), name).toEqual(expected);
  check('root 1', { 'sampling.policy': 'errors', 'sampling.reason': 'forced' });
  check('root 2', { 'sampling.policy': 'half', 'sampling.reason': 'probability' });
  check('span 3', { 'sampling.policy': 'half', 'sampling.reason': 'probability', 'sampling.cut': true });
  check('late', { 'sampling.policy': 'half', 'sampling.reason': 'late' });
});

test('says nothing in kept spans where that is switched off', async () => {
  const { host, kept, take } = await staged({ policies: HALF, ledger: { reason_attributes: false } });
  await take(root(1, HIGH));
  host.clock.advance(1500);
  expect(kept.map(reasonsOf)).toEqual([{}]);
});

test('decides a trace at once when it has so many spans or bytes, and what comes later follows', async () => {
  const check = async (config: object, spans: number): Promise<void> => {
    const { kept, take, counts } = await staged({ policies: HALF, ...config });
    await take(...Array.from({ length: spans }, () => span(1, HIGH)));
    expect(kept).toHaveLength(spans);
    expect(counts.get('traces{cause=size}')).toBe(1);
    await take(span(1, HIGH));
    expect(kept).toHaveLength(spans + 1);
  };
  await check({ max_trace_spans: 20 }, 20);
  await check({ max_trace_size: '1KiB' }, 40);
});

test('decides a trace with an error sooner where configured', async () => {
  const { host, kept, take, counts } = await staged({ policies: ERRORS, after_error: '500ms' });
  await take(span(1, HIGH, { statusCode: 2 }), span(2, HIGH));
  host.clock.advance(800);
  expect(names(kept)).toEqual(['span 1']);
  expect(counts.get('traces{cause=error}')).toBe(1);
  host.clock.advance(30_000);
  expect(counts.get('dropped{reason=not_sampled}')).toBe(1);
});

test('keeps what someone asks for, for a time, without a threshold', async () => {
  const { stage, host, kept, take } = await staged({ policies: HALF });
  const hex = root(7, LOW).traceId.toString('hex');
  // Before the first span has come, and after.
  expect(stage.pin({ traceId: hex, forMs: 5000 })).toBe(true);
  await take(root(7, LOW), root(8, LOW, { name: 'checkout' }), root(9, LOW));
  expect(stage.pin({ service: 'shop', operation: 'checkout', forMs: 2000 })).toBe(true);
  expect(stage.state().pins).toBe(2);
  host.clock.advance(1500);
  expect(names(kept)).toEqual(['root 7', 'checkout']);
  expect(kept.map(({ span: { traceState = '' } }) => traceState)).toEqual(['', '']);
  expect(kept.map(reasonsOf)).toEqual([
    { 'sampling.policy': 'pin', 'sampling.reason': 'pin' },
    { 'sampling.policy': 'pin', 'sampling.reason': 'pin' },
  ]);
  await take(span(7, LOW, { name: 'late' }));
  host.clock.advance(1000);
  await take(root(10, LOW, { name: 'checkout' }));
  host.clock.advance(1500);
  expect(names(kept)).toEqual(['root 7', 'checkout', 'late']);
  expect(stage.pin({ service: 'shop', forMs: 1000 })).toBe(true);
  await take(root(11, LOW), root(12, LOW, { name: 'anything' }));
  host.clock.advance(800);
  await take(root(13, LOW, { service: 'other' }));
  host.clock.advance(400);
  expect(names(kept).slice(3)).toEqual(['root 11', 'anything']);
});

test('says how many wishes are in force, and that a shadow is set, also before the first span', async () => {
  const { stage, host, take } = await staged({ policies: HALF, shadow: { policies: ERRORS } });
  stage.pin({ service: 'shop', forMs: 1000 });
  stage.pin({ service: 'other', forMs: 5000 });
  expect(stage.state()).toMatchObject({ pins: 2, shadow: { policies: [], operations: [] } });
  host.clock.advance(2000);
  expect(stage.state().pins).toBe(1);
  await take(root(1, HIGH));
  expect(stage.state().pins).toBe(1);
  host.clock.advance(4000);
  expect(stage.state().pins).toBe(0);
});

test('keeps what someone asks for beyond hard caps, unless a policy drops it', async () => {
  const { stage, host, kept, take } = await staged({
    policies: [
      { name: 'probes', type: 'drop', when: { type: 'operation', names: ['probe'] } },
      { name: 'all', type: 'probabilistic', ratio: 1 },
    ],
    hard_caps: { spans_per_second: 4 },
  });
  const probe = root(60, HIGH, { name: 'probe' });
  for (const { traceId } of [root(1, 1), probe])
    expect(stage.pin({ traceId: traceId.toString('hex'), forMs: 60_000 })).toBe(true);
  await take(probe, ...Array.from({ length: 50 }, (_, i) => root(i + 1, i + 1)));
  host.clock.advance(2500);
  expect(names(kept)).toContain('root 1');
  expect(names(kept)).not.toContain('root 2');
  expect(names(kept)).not.toContain('probe');
  const { decision } = await stage.why(probe.traceId.toString('hex'));
  expect(decision?.policy).toBe('probes');
});

test('says of a trace kept for a link which trace links to it, and counts it by that', async () => {
  const { stage, host, kept, take, counts } = await staged({ policies: HALF });
  const linking = root(1, HIGH, linksTo(root(2, LOW).traceId));
  await take(linking, span(2, LOW));
  const pending = async (): Promise<string> => (await stage.why(root(2, LOW).traceId.toString('hex'))).summary;
  expect(await pending()).toBe('Still pending: 1 span so far, the first 0 ms ago.');
  host.clock.advance(1500);
  expect(await pending()).toContain('A kept trace links to it, so it will be kept, unless a policy drops it.');
  host.clock.advance(30_000);
  expect(kept.map(reasonsOf)).toEqual([
    { 'sampling.policy': 'half', 'sampling.reason': 'probability' },
    { 'sampling.policy': 'link', 'sampling.reason': 'link' },
  ]);
  const id = linking.traceId.toString('hex');
  const { state, summary, decision } = await stage.why(root(2, LOW).traceId.toString('hex'));
  expect(state).toBe('kept');
  expect(summary).toBe(`Kept because a kept trace links to it: ${id}. It was decided after the longest wait.`);
  expect(decision).toMatchObject({ policy: 'link', linkedFrom: id, threshold: '' });
  expect(counts.get('links{result=followed}')).toBe(1);
  expect(counts.get('kept_traces{policy=link}')).toBe(1);
  expect((await stage.why(id)).decision).not.toHaveProperty('linkedFrom');
});

test('follows no links where the configuration says so', async () => {
  const { host, kept, take } = await staged({ policies: HALF, links: 'ignore' });
  await take(root(1, HIGH, linksTo(root(2, LOW).traceId)), span(2, LOW));
  host.clock.advance(31_000);
  expect(names(kept)).toEqual(['root 1']);
});

test('asks a shadow about the same traces and lets it have no effect', async () => {
  const shadow = {
    policies: [
      { name: 'tenth', type: 'probabilistic', ratio: 0.1 },
      { name: 'failed', type: 'status' },
    ],
  };
  const { stage, host, kept, take } = await staged({ policies: HALF, shadow });
  await take(root(1, HIGH), root(2, LOW), root(3, LOW, { statusCode: 2, name: 'pay' }), root(4, 0xff));
  host.clock.advance(1500);
  expect(names(kept)).toEqual(['root 1', 'root 4']);
  const { policies, operations } = stage.state().shadow ?? expect.fail('no shadow');
  const none = { bothKeep: 0, bothDrop: 0, wouldKeep: 0, wouldDrop: 0 };
  expect(policies).toEqual([
    { policy: 'tenth', ...none, bothKeep: 1, bothDrop: 1, wouldDrop: 1 },
    { policy: 'failed', ...none, wouldKeep: 1 },
  ]);
  expect(operations).toContainEqual({ service: 'shop', operation: 'pay', ...none, wouldKeep: 1 });
  expect(operations).toContainEqual({ service: 'shop', operation: 'root 1', ...none, wouldDrop: 1 });
});

test('keeps a condition of the shadow apart from one of the policies in force', async () => {
  const tier = (name: string, value: string): object => ({ name, type: 'operation', names: [value] });
  const { stage, host, kept, take } = await staged({
    policies: [tier('a', 'first')],
    shadow: { policies: [tier('b', 'second')] },
  });
  await take(root(1, LOW, { name: 'first' }), root(2, LOW, { name: 'second' }));
  host.clock.advance(1500);
  expect(names(kept)).toEqual(['first']);
  expect(
    stage.state().shadow?.policies.map(({ policy, wouldKeep, wouldDrop }) => [policy, wouldKeep, wouldDrop]),
  ).toEqual(
    expect.arrayContaining([
      ['', 0, 1],
      ['b', 1, 0],
    ]),
  );
});

test('never exceeds a hard cap, counts what it left out, and writes the threshold that it came to', async () => {
  const { host, kept, take, counts } = await staged({
    policies: [{ name: 'all', type: 'probabilistic', ratio: 1 }],
    hard_caps: { spans_per_second: 40 },
  });
  const many = Array.from({ length: 256 }, (_, i) => root(i + 1, i));
  await take(...many);
  host.clock.advance(1500);
  // Judged, and held until its second is over.
  expect(kept).toHaveLength(0);
  expect(counts.get('pending')).toBe(256);
  host.clock.advance(1000);
  expect(kept.length).toBeGreaterThan(2);
  expect(kept.length).toBeLessThanOrEqual(40);
  expect(counts.get('capped_traces')).toBe(256 - kept.length);
  expect(counts.get('dropped{reason=not_sampled}')).toBe(256 - kept.length);
  const states = new Set(kept.map(({ span: { traceState = '' } }) => traceState));
  expect([...states]).toEqual([expect.stringMatching(/^ot=th:[ef]/)]);
});

test('erases the threshold of what a hard cap left, where that is asked for', async () => {
  const { host, kept, take } = await staged({
    policies: [{ name: 'all', type: 'probabilistic', ratio: 1 }],
    hard_caps: { spans_per_second: 40, write_threshold: false },
  });
  await take(...Array.from({ length: 256 }, (_, i) => root(i + 1, i)));
  host.clock.advance(2500);
  expect(names(kept)).toContain('root 256');
  await take(root(256, 255, { name: 'late' }));
  host.clock.advance(1000);
  expect(names(kept).at(-1)).toBe('late');
  expect(new Set(kept.map(({ span: { traceState = '' } }) => traceState))).toEqual(new Set(['']));
});

test('estimates what there was from what it kept, beside what it counted', async () => {
  const { stage, host, take } = await staged({ policies: HALF });
  for (let i = 0; i < 256; i++) await take(root(i + 1, i));
  host.clock.advance(1500);
  const { exact, estimate, low, high, isEnough } = stage.state().estimate;
  expect([exact, estimate, isEnough]).toEqual([256, 256, true]);
  expect(low).toBeGreaterThan(200);
  expect(high).toBeLessThan(330);
  host.clock.advance(11 * 60_000);
  expect(stage.state().estimate.exact).toBe(0);
});

test('warns of a service whose trace ids are not random', async () => {
  const { stage, host, take } = await staged({ policies: HALF });
  const counted = (i: number): TestSpan => {
    const traceId = Buffer.alloc(16);
    traceId.writeUInt32BE(i + 1, 12);
    return root(1, HIGH, { traceId });
  };
  for (let i = 0; i < 64; i++) await take(counted(i));
  expect(stage.state().notRandom).toEqual([{ service: 'shop', bits: 49 }]);
  expect(host.logged.filter((line) => line.includes('IDS_NOT_RANDOM'))).toHaveLength(1);
});
