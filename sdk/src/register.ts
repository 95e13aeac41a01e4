// Entry of `node --import @evenkeel/sdk/register app.js`: starts telemetry before the program, from OTEL_* variables or
// from the file OTEL_CONFIG_FILE names. The program runs in any case, and sees nothing of it.
import { readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { EvenkeelError, warn } from './errors.ts';
import { optionsOfEnvironment } from './options.ts';
import { startTelemetry } from './start.ts';

try {
  await startTelemetry(optionsOfEnvironment(nameOfProgram()));
} catch (error) {
  if (!(error instanceof EvenkeelError)) throw error;
  // Each problem of a file has its line.
  for (const problem of error.detail.split('\n')) warn(error.code, problem);
}

/** The name in the package.json of the folder the program was started in, else that of its script. */
function nameOfProgram(): string {
  try {
    const manifest = JSON.parse(readFileSync(join(process.cwd(), 'package.json'), 'utf8')) as { name?: unknown };
    if (typeof manifest.name === 'string' && manifest.name !== '') return manifest.name;
  } catch {
    // Programs without a package.json are common.
  }
  const script = process.argv[1];
  return script === undefined ? 'unknown_service:node' : basename(script, extname(script));
}
