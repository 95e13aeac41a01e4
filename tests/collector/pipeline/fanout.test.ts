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

it('sends traces one way and other signals the other', async () => {
  const seen: string[] = [];
  const to = (name: string) => ({
    consume: async ({ signal }: { signal: string }) => void seen.push(`${name} ${signal}`),
  });
  const parted = bySignal<{ signal: 'traces' }, { signal: 'metrics' | 'logs' }>(to('spans'), to('rest'));
  for (const signal of ['traces', 'metrics', 'logs'] as const) await parted.consume({ signal });
  expect(seen).toEqual(['spans traces', 'rest metrics', 'rest logs']);
});

it('sends logs a third way where there is one', async () => {
  const seen: string[] = [];
  const to = (name: string) => ({
    consume: async ({ signal }: { signal: string }) => void seen.push(`${name} ${signal}`),
  });
  type Other = { signal: 'metrics' | 'logs' };
  const parted = bySignal<{ signal: 'traces' }, Other>(to('spans'), to('rest'), to('records'));
  for (const signal of ['traces', 'metrics', 'logs'] as const) await parted.consume({ signal });
  expect(seen).toEqual(['spans traces', 'rest metrics', 'records logs']);
});
