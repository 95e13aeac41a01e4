// Log records leave redacted, whatever their body is.
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { expect, it } from 'vitest';
import { createRedaction } from '../../../sdk/src/bound/redaction.ts';
import { redactor } from '../../../sdk/src/providers/logs.ts';

it('takes secrets out of bodies that are text, lists or maps, and leaves what was given as it is', () => {
  const exporter = new InMemoryLogRecordExporter();
  const processors = [redactor(createRedaction()), new SimpleLogRecordProcessor({ exporter })];
  const logger = new LoggerProvider({ processors }).getLogger('test');
  const given = { user: { password: 'p', mail: 'a@b.org', age: 7 }, list: ['Bearer abcdefgh12345678'] };
  const circular: Record<string, unknown> = { password: 'p' };
  circular['self'] = circular;
  const hostile = Object.defineProperty({}, 'x', {
    enumerable: true,
    get() {
      throw new Error('hostile');
    },
  });
  for (const body of ['to a@b.org', given, circular as never, hostile]) logger.emit({ body });
  const bodies = exporter.getFinishedLogRecords().map(({ body }) => body);
  expect(bodies.slice(0, 2)).toEqual([
    'to REDACTED',
    { user: { password: 'REDACTED', mail: 'REDACTED', age: 7 }, list: ['Bearer REDACTED'] },
  ]);
  expect(JSON.stringify(bodies[2])).not.toContain('"p"');
  expect(bodies[3]).toBe('REDACTED');
  expect(given.user.password).toBe('p');
});
