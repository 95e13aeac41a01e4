// Queries: rows, slow ones, failures, waiting for locks, transactions, and what of them becomes series.
import { logs } from '@opentelemetry/api';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { beforeEach, describe, expect, it } from 'vitest';
import { recordLockWait, traceQuery, traceTransaction } from '../../../sdk/src/index.ts';
import { recordMeasurements } from '../../support/measurements.ts';
import { collect, recordSpans } from '../../support/spans.ts';

const spans = recordSpans();
const measurements = recordMeasurements();
const exporter = new InMemoryLogRecordExporter();
logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] }));

class Store {
  @traceQuery({ system: 'postgresql', namespace: 'shop', text: ([sql]: [string, ...unknown[]]) => sql })
  async query(_sql: string, result: unknown): Promise<unknown> {
    if (result instanceof Error) throw result;
    return result;
  }

  @traceTransaction({
    system: 'postgresql',
    namespace: 'shop',
    outcome: (result) => (result === 'undo' ? 'rollback' : 'commit'),
  })
  transfer(result: unknown): unknown {
    if (result instanceof Error) throw result;
    return result;
  }
}
const store = new Store();

beforeEach(async () => {
  spans.take();
  exporter.reset();
  await measurements.take();
});

describe('a query', () => {
  it('is told from its text, without its values', async () => {
    await store.query("SELECT * FROM users WHERE name = 'alice'", []);
    const [span] = spans.take();
    expect(span?.name).toBe('SELECT users');
    expect(span?.attributes).toEqual({
      'db.system.name': 'postgresql',
      'db.namespace': 'shop',
      'db.operation.name': 'SELECT',
      'db.collection.name': 'users',
      'db.query.summary': 'SELECT users',
      'db.query.text': 'SELECT * FROM users WHERE name = ?',
      'db.response.returned_rows': 0,
    });
    const { 'db.query.text': _text, 'db.response.returned_rows': _rows, ...measured } = span?.attributes ?? {};
    const taken = await measurements.take();
    expect(taken.get('db.client.operation.duration')?.[0]?.attributes).toEqual(measured);
    expect(taken.get('db.client.response.returned_rows')?.[0]?.attributes).toEqual(measured);
  });

  it('counts rows in results of every driver', async () => {
    const rows = async (result: unknown): Promise<unknown[]> => {
      await store.query('SELECT 1', result);
      const { attributes = {} } = spans.take()[0] ?? {};
      return [attributes['db.response.returned_rows'], attributes['evenkeel.db.affected_rows']];
    };
    expect(await rows([{ a: 1 }, { a: 2 }, { a: 3 }])).toEqual([3, undefined]);
    expect(await rows({ command: 'SELECT', rowCount: 2, rows: [1, 2] })).toEqual([2, undefined]);
    expect(await rows({ command: 'UPDATE', rowCount: 4, rows: [] })).toEqual([undefined, 4]);
    expect(await rows({ command: 'INSERT', rowCount: 1, rows: [{ id: 1 }] })).toEqual([1, 1]);
    expect(await rows([[{ a: 1 }, { a: 2 }], [{ name: 'a' }]])).toEqual([2, undefined]);
    expect(await rows([{ affectedRows: 5, insertId: 0 }, undefined])).toEqual([undefined, 5]);
    expect(await rows({ changes: 3, lastInsertRowid: 9 })).toEqual([undefined, 3]);
    expect(await rows({ modifiedCount: 6 })).toEqual([undefined, 6]);
    expect(await rows({ rows: [1] })).toEqual([1, undefined]);
    expect(await rows('OK')).toEqual([undefined, undefined]);
    expect(await rows(undefined)).toEqual([undefined, undefined]);
  });

  it('counts rows that come one by one', async () => {
    const cursor = traceQuery({ system: 'sqlite', text: 'SELECT * FROM t' }, async function* () {
      yield* [1, 2, 3];
    });
    await collect(cursor());
    expect(spans.take()[0]?.attributes['db.response.returned_rows']).toBe(3);
  });

  it('tells the code of a failure', async () => {
    const failure = Object.assign(new Error('duplicate key'), { code: '23505' });
    await expect(store.query('INSERT INTO t VALUES (1)', failure)).rejects.toBe(failure);
    expect(spans.take()[0]?.attributes).toMatchObject({ 'db.response.status_code': '23505', 'error.type': '23505' });
    const taken = await measurements.take();
    expect(taken.get('db.client.operation.duration')?.[0]?.attributes).toMatchObject({ 'error.type': '23505' });
  });

  it('makes no more series than it may, and keeps what is true on the span', async () => {
    for (let i = 0; i < 250; i++) await store.query(`SELECT * FROM table_${i}`, []);
    const taken = spans.take();
    expect(new Set(taken.map((span) => span.name)).size).toBeLessThanOrEqual(201);
    const [series] = [(await measurements.take()).get('db.client.operation.duration') ?? []];
    expect(series.length).toBeLessThanOrEqual(201);
    expect(series.map(({ attributes }) => attributes['db.query.summary'])).toContain('_OTHER');
    expect(taken.at(-1)?.attributes['db.query.text']).toBe('SELECT * FROM table_249');
  });

  it('that is slow is marked, and told without its values', () => {
    const slow = traceQuery({ system: 'sqlite', text: "SELECT * FROM t WHERE a = 'secret'", slowMs: 0 }, () => []);
    slow();
    expect(spans.take()[0]?.attributes['evenkeel.db.slow']).toBe(true);
    const [record] = exporter.getFinishedLogRecords();
    expect(record?.eventName).toBe('evenkeel.db.slow_query');
    expect(record?.severityText).toBe('WARN');
    expect(record?.attributes).toEqual({
      'db.system.name': 'sqlite',
      'db.operation.name': 'SELECT',
      'db.collection.name': 't',
      'db.query.summary': 'SELECT t',
      'db.query.text': 'SELECT * FROM t WHERE a = ?',
    });
    traceQuery({ system: 'sqlite', slowMs: Number.POSITIVE_INFINITY }, () => [])();
    expect(spans.take()[0]?.attributes).not.toHaveProperty('evenkeel.db.slow');
    for (const slowMs of [null, -1, '0']) traceQuery({ system: 'sqlite', slowMs: slowMs as never }, () => [])();
    expect(spans.take()).toEqual([]);
  });
});

describe('waiting for locks', () => {
  it('is told by the result or by the program', async () => {
    const options = { system: 'mysql', namespace: 'shop', collection: 'items' };
    traceQuery({ ...options, lockWait: (result) => (result as { waited: number }).waited }, () => ({ waited: 250 }))();
    traceQuery({ ...options, text: 'UPDATE items SET a = 1' }, () => recordLockWait(1500, options))();
    expect(spans.take().map((span) => span.attributes['evenkeel.db.lock_wait'])).toEqual([0.25, 1.5]);
    for (const wrong of [-1, Number.NaN, 'x' as unknown as number]) recordLockWait(wrong, options);
    expect((await measurements.take()).get('db.client.lock.wait_time')).toEqual([
      {
        attributes: { 'db.system.name': 'mysql', 'db.namespace': 'shop', 'db.collection.name': 'items' },
        count: 2,
        sum: 1.75,
      },
    ]);
  });
});

describe('a transaction', () => {
  it('has committed when it returns, and was rolled back when it throws', async () => {
    expect(store.transfer('done')).toBe('done');
    expect(store.transfer('undo')).toBe('undo');
    expect(() => store.transfer(new Error('no money'))).toThrow('no money');
    const outcome = 'evenkeel.db.transaction.outcome';
    expect(spans.take().map((span) => [span.name, span.attributes[outcome]])).toEqual([
      ['transaction shop', 'commit'],
      ['transaction shop', 'rollback'],
      ['transaction shop', 'rollback'],
    ]);
    const series = (await measurements.take()).get('db.client.transaction.duration');
    expect(series?.map(({ attributes }) => [attributes[outcome], attributes['error.type']])).toEqual([
      ['commit', undefined],
      ['rollback', undefined],
      ['rollback', 'Error'],
    ]);
  });

  it('may be statements of their own, told apart by their connection', async () => {
    const [first, second] = [{}, {}];
    const run = traceQuery(
      { system: 'mysql', namespace: 'shop', text: ([, sql]) => sql, connection: ([connection]) => connection },
      (_connection: object, _sql: string, error?: Error): void => {
        if (error !== undefined) throw error;
      },
    );
    const broken = new Error('serialization failure');
    run(first, 'BEGIN');
    run(second, 'START TRANSACTION');
    run(first, 'SAVEPOINT a');
    run(first, 'ROLLBACK TO SAVEPOINT a');
    run(first, 'COMMIT');
    run(first, 'COMMIT');
    run(second, 'ROLLBACK');
    run(second, 'begin work');
    expect(() => run(second, 'COMMIT', broken)).toThrow(broken);
    const outcome = 'evenkeel.db.transaction.outcome';
    const series = (await measurements.take()).get('db.client.transaction.duration');
    expect(series?.map(({ attributes, count }) => ({ ...attributes, count }))).toEqual([
      { 'db.system.name': 'mysql', 'db.namespace': 'shop', [outcome]: 'commit', count: 1 },
      { 'db.system.name': 'mysql', 'db.namespace': 'shop', [outcome]: 'rollback', count: 2 },
    ]);
    expect(spans.take().map((span) => span.attributes[outcome])).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      'commit',
      undefined,
      'rollback',
      undefined,
      'rollback',
    ]);
  });
});
