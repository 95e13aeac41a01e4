import { expect, it } from 'vitest';
import { bySignal, fanout } from '../../../collector/src/pipeline/fanout.ts';

it('hands a batch to all before it waits for any', async () => {
  const seen: string[] = [];
  let release = (): void => {};
  const slow = new Promise<void>((resolve) => (release = resolve));
  const consumers = ['a', 'b', 'c'].map((name) => ({
    consume: (batch: string) => {
      seen.push(`${name} ${batch}`);
      return name === 'a' ? slow : Promise.resolve();
    },
  }));
  let accepted = false;
  const consumed = fanout(consumers).consume('x');
  void consumed.then(() => (accepted = true));
  expect(seen).toEqual(['a x', 'b x', 'c x']);
  await Promise.resolve();
  expect(accepted).toBe(false);
  release();
  await consumed;
  expect(fanout(consumers.slice(0, 1))).toBe(consumers[0]);
  await fanout([]).consume('y');
});

it('sends each signal its own way', async () => {
  const seen: string[] = [];
  const to = (name: string) => ({
    consume: async ({ signal }: { signal: string }) => void seen.push(`${name} ${signal}`),
  });
  const parted = bySignal<{ signal: 'traces' }, { signal: 'metrics' }, { signal: 'logs' }>({
    traces: to('spans'),
    metrics: to('points'),
    logs: to('records'),
  });
  for (const signal of ['traces', 'metrics', 'logs'] as const) await parted.consume({ signal });
  expect(seen).toEqual(['spans traces', 'points metrics', 'records logs']);
});
