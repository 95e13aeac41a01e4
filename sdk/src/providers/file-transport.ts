// Writes OTLP as lines of JSON, to stdout or at the end of a file.
// @see OpenTelemetry specification, OTLP file exporter
import { appendFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ExportResponse, IExporterTransport } from '@opentelemetry/otlp-exporter-base';
import type { Outlet } from '../otlp-transport.ts';

/** @param stream `stdout`, or a URL as in `file:///var/log/traces.jsonl` */
export function createFileTransport(stream: string, { onFailure }: Pick<Outlet, 'onFailure'>): IExporterTransport {
  const path = stream === 'stdout' ? undefined : fileURLToPath(stream);
  /** Lines are written in turn, so that none is inside of another. */
  let last: Promise<unknown> = Promise.resolve();
  const write = async (line: Buffer): Promise<ExportResponse> => {
    try {
      if (path === undefined) process.stdout.write(line);
      else await appendFile(path, line);
      return { status: 'success' };
    } catch (error) {
      onFailure(error as Error);
      return { status: 'failure', error: error as Error };
    }
  };
  return {
    send(body) {
      const line = Buffer.concat([body, Buffer.from('\n')]);
      const written = last.then(() => write(line));
      last = written;
      return written;
    },
    shutdown() {
      // A file is open only while a line is written.
    },
  };
}
