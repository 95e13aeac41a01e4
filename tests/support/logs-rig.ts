// A stage of logs with its surroundings: what it sends is gathered, what is known of traces is said by the test.
import { logsConfig } from '../../collector/src/logs/config.ts';
import { logs } from '../../collector/src/logs/stage.ts';
import { logsInstruments } from '../../collector/src/logs/instruments.ts';
import type { DecisionState, LogsBody } from '../../collector/src/sample/contract.ts';
import { logsBody, type RecordShape, saidIn } from './log-records.ts';
import { testHost } from './test-host.ts';
import { traceIdOf } from './test-span.ts';

/** The books of a stage of logs. */
export interface LogCounts {
  readonly records: number;
  readonly passed: Readonly<Record<string, number>>;
  readonly dropped: number;
  readonly held: number;
  readonly size: number;
  readonly balanced: boolean;
}

/** @param settings of `logs`, beside its mode */
export function logsRig(
  settings: Readonly<Record<string, string>> = {},
  taken = (): Promise<void> => Promise.resolve(),
) {
  const { host, clock, read, counts: countsOf, log } = testHost('logs', logsInstruments);
  const out: LogsBody[] = [];
  const stage = logs.create(logsConfig.parse({ mode: 'follow', ...settings }), host, {
    consume: (batch) => {
      out.push(batch);
      return taken();
    },
  });
  const states = new Map<string, DecisionState>();
  const wordsOf = (trace: string): [number, number, number, number] => {
    const id = traceIdOf(trace);
    return [id.readUInt32BE(0), id.readUInt32BE(4), id.readUInt32BE(8), id.readUInt32BE(12)];
  };
  stage.stateOf = (...words) => states.get(words.join()) ?? 'unseen';
  void stage.start();
  const takeBody = (body: Buffer): Promise<void> =>
    stage.consume({ signal: 'logs', body, contentType: 'application/x-protobuf', contentEncoding: '' });
  return {
    stage,
    out,
    log,
    takeBody,
    take: (...shapes: RecordShape[]) => takeBody(logsBody(...shapes)),
    /** Spans of these traces have come. */
    begin: (...traces: string[]) => traces.forEach((trace) => states.set(wordsOf(trace).join(), 'pending')),
    decide: (trace: string, kept: boolean) => {
      states.set(wordsOf(trace).join(), kept ? 'kept' : 'dropped');
      stage.decided(kept, ...wordsOf(trace));
    },
    advance: (ms: number) => clock.advance(ms),
    /** What the records of each request sent so far say. */
    sent: () => out.map(({ body }) => saidIn(body)),
    counts: (): LogCounts => {
      const passed = countsOf('passed');
      const records = read('records');
      const dropped = read('dropped', { reason: 'not_sampled' });
      const held = read('held');
      const all = Object.values(passed).reduce((sum, count) => sum + count, 0);
      return { records, passed, dropped, held, size: read('size'), balanced: records === all + dropped + held };
    },
  };
}
