// The context manager of the test kit does what the SDK's own does.
import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { type Context, type ContextManager, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { describe, expect, it } from 'vitest';
import { MisuseWatch } from '../../../sdk/src/testkit/misuse.ts';
import { TestContextManager } from '../../../sdk/src/testkit/test-context.ts';

const KEY = createContextKey('k');
const CONTEXT = ROOT_CONTEXT.setValue(KEY, 'bound');
const valueOf = (context: Context): unknown => context.getValue(KEY);

const MANAGERS: readonly (readonly [string, () => ContextManager])[] = [
  ['the test kit', () => new TestContextManager(new MisuseWatch())],
  ['the SDK', () => new AsyncLocalStorageContextManager()],
];

describe.each(MANAGERS)('the context manager of %s', (_name, create) => {
  it('runs a function in a context, also after it has waited', async () => {
    const manager = create().enable();
    const seen: unknown[] = [];
    const result = await manager.with(
      CONTEXT,
      async function (this: unknown, a: number) {
        seen.push(this, valueOf(manager.active()));
        await turn();
        return [a, valueOf(manager.active())];
      },
      'self',
      5,
    );
    expect([...seen, ...result]).toEqual(['self', 'bound', 5, 'bound']);
    expect(manager.active()).toBe(ROOT_CONTEXT);
    expect(() => manager.with(CONTEXT, () => { throw new RangeError('x'); })).toThrow(RangeError); // prettier-ignore
    expect(manager.active()).toBe(ROOT_CONTEXT);
  });

  it('binds functions', () => {
    const manager = create().enable();
    const bound = manager.bind(CONTEXT, function (this: unknown, _a: number, b: number) {
      return [this, b, valueOf(manager.active())];
    });
    expect(bound).toHaveLength(2);
    expect(bound.call('self', 1, 2)).toEqual(['self', 2, 'bound']);
    for (const value of [5, null, undefined, 'x', {}]) expect(manager.bind(CONTEXT, value)).toBe(value);
  });

  it('binds the listeners of emitters', () => {
    const manager = create().enable();
    const emitter = manager.bind(CONTEXT, new EventEmitter());
    manager.bind(ROOT_CONTEXT, emitter);
    const seen: unknown[] = [];
    const on = (): unknown => seen.push(['on', valueOf(manager.active())]);
    const once = (): unknown => seen.push(['once', valueOf(manager.active())]);
    emitter.on('e', on);
    emitter.once('e', once);
    emitter.emit('e');
    emitter.emit('e');
    expect(seen).toEqual([
      ['on', 'bound'],
      ['once', 'bound'],
      ['on', 'bound'],
    ]);
    emitter.once('e', once);
    emitter.off('e', on);
    emitter.removeListener('e', once);
    emitter.emit('e');
    expect(seen).toHaveLength(3);
    expect(emitter.listenerCount('e')).toBe(0);
  });

  it('attaches a context until it is detached', async () => {
    const manager = create().enable();
    await turn();
    const outer = manager.attach?.(CONTEXT);
    const inner = manager.attach?.(ROOT_CONTEXT.setValue(KEY, 'inner'));
    expect(valueOf(manager.active())).toBe('inner');
    inner?.dispose();
    expect(valueOf(manager.active())).toBe('bound');
    outer?.dispose();
    expect(manager.active()).toBe(ROOT_CONTEXT);
    manager.disable();
  });
});
