// Writes OTLP as lines of JSON, to stdout or at the end of a file. A line is written when `send` returns: it is one for each
// batch, no line is inside of another, and none is left when the process ends.
// @see OpenTelemetry specification, OTLP file exporter
import { appendFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { IExporterTransport } from '@opentelemetry/otlp-exporter-base';
import type { Outlet } from '../otlp-transport.ts';

/** @param stream `stdout`, or a URL as in `file:///var/log/traces.jsonl` */
export function createFileTransport(stream: string, { onFailure }: Pick<Outlet, 'onFailure'>): IExporterTransport {
  const path = stream === 'stdout' ? undefined : fileURLToPath(stream);
  return {
    async send(body) {
      const line = Buffer.concat([body, Buffer.from('\n')]);
      try {
        if (path === undefined) process.stdout.write(line);
        else appendFileSync(path, line);
        return { status: 'success' };
      } catch (error) {
        onFailure(error as Error);
        return { status: 'failure', error: error as Error };
      }
    },
    shutdown() {
      // A file is open only while a line is written.
    },
  };
}
