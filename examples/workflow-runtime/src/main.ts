// Entry of the runtime: telemetry first, then the API; ends on SIGTERM, on Ctrl-C, or when its parent is gone.
import { startTelemetry } from '@evenkeel/sdk';
import { readOptions } from './options.ts';
import { startRuntime } from './runtime.ts';

/** After this the process ends whatever is still open; the parent waits a little longer. */
const STOP_LIMIT_MS = 4000;

/** Things to stop, in the order they were started. */
const started: (() => Promise<void>)[] = [];
let stopping = false;

process.on('SIGTERM', () => void stop(0));
// Ctrl-C and the end of a terminal reach every process in it; with a parent on the channel, the parent decides.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => void (process.connected || stop(0)));
process.on('disconnect', () => void stop(0));

try {
  const options = readOptions(process.argv.slice(2));
  const endpoint = options.endpoint === undefined ? {} : { endpoint: options.endpoint };
  const telemetry = await startTelemetry({ serviceName: 'workflow-runtime', serviceVersion: '0.1.0', ...endpoint });
  started.push(() => telemetry.shutdown());
  const runtime = await startRuntime(options);
  started.push(() => runtime.stop());
  announce(runtime.url);
} catch (error) {
  process.stderr.write(`workflow-runtime: ${describe(error)}\n`);
  await stop(1);
}

// The parent may have gone before anyone listened for that.
if (process.send !== undefined && !process.connected) await stop(0);

function announce(url: string): void {
  if (process.connected) process.send?.({ type: 'ready', urls: { api: url } });
  else process.stdout.write(`workflow-runtime listens on ${url}\n`);
}

/** Stops what was started, last first, and ends the process. A second call changes nothing. */
async function stop(exitCode: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  setTimeout(() => process.exit(exitCode || 1), STOP_LIMIT_MS).unref();
  for (const end of started.toReversed()) {
    try {
      await end();
    } catch (error) {
      process.stderr.write(`workflow-runtime: while stopping: ${describe(error)}\n`);
    }
  }
  process.exit(exitCode);
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'EADDRINUSE') return `port in use (${error.message})`;
  return error.message;
}
