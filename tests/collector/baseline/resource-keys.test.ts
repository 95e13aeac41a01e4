// What tells senders of a service apart.
import { expect, it } from 'vitest';
import { ResourceKeys } from '../../../collector/src/baseline/resource-keys.ts';
import { releaseBatch, testIntake } from '../../support/intake.ts';
import { Request8 } from '../../support/otlp-schema.ts';

it('keys are those of resources: the same for all their scopes, others for other instances', () => {
  const intake = testIntake();
  const keys = new ResourceKeys(7);
  const keyOf = (instance: string, scope: string): number => {
    const attributes = [
      { key: 'service.name', value: { stringValue: 'shop' } },
      { key: 'service.instance.id', value: { stringValue: instance } },
    ];
    const span = { traceId: Buffer.alloc(16, 1), spanId: Buffer.alloc(8, 1), name: 'GET /a', kind: 2 };
    const scopeSpans = [{ scope: { name: scope }, spans: [span] }];
    const body = Request8.encode(Request8.fromObject({ resourceSpans: [{ resource: { attributes }, scopeSpans }] }));
    const bytes = body.finish();
    expect(intake.take([bytes], bytes.length, 0, 0)).toBe('accepted');
    const { batch } = intake;
    const context = batch.contexts[batch.context[0] ?? 0];
    releaseBatch(batch);
    if (context === undefined) throw new Error('no context');
    return keys.of(context);
  };
  const first = keyOf('a', 'http');
  expect([keyOf('a', 'sql'), keyOf('a', 'http')]).toEqual([first, first]);
  expect(new Set([first, keyOf('b', 'http'), keyOf('c', 'http')]).size).toBe(3);
});
