// What undici publishes of connections, where real ones do not come to it. Those are in connections.test.ts.
import { channel } from 'node:diagnostics_channel';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { instrumentConnections, uninstrument } from '../../../sdk/src/index.ts';
import { recordMeasurements } from '../../support/measurements.ts';

const measurements = recordMeasurements();

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

describe('connections of undici', () => {
  it('are not timed from the start of one that was given up', async () => {
    const client = instrumentConnections({ dispatch: () => true });
    const about = { connectParams: { protocol: 'http:', host: 'example.com:8080' } };
    const say = (name: string): void => channel(`undici:client:${name}`).publish(about);
    // Destroyed while it connected, of which nothing is told.
    say('beforeConnect');
    for (let i = 0; i < 3; i++) {
      vi.advanceTimersByTime(10_000);
      say('beforeConnect');
      vi.advanceTimersByTime(50);
      say('connected');
    }
    const [times] = (await measurements.take()).get('connection.create_time') ?? [];
    expect(times?.count).toBe(3);
    expect(times?.sum).toBeCloseTo(0.15);
    uninstrument(client);
  });
});
