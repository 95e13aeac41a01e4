// Runs a program with and without telemetry, as a process of its own; tests/fixtures/sdk/faults/program.mjs if none is
// named.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runToEnd } from './ended-process.ts';

const PROGRAM = fileURLToPath(new URL('../fixtures/sdk/faults/program.mjs', import.meta.url));

/** How the program ended, and what it said. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  /** Lines of stderr that are the program's. */
  readonly errors: string;
  /** Lines of stderr that are telemetry's. */
  readonly warnings: readonly string[];
}

/** Runs the program to its end; with telemetry where there is an environment for it. */
export async function runProgram(
  steps: readonly string[],
  environment?: Readonly<Record<string, string>>,
  program: string = PROGRAM,
): Promise<Ending> {
  const register = environment ? ['--import', '@evenkeel/sdk/register'] : [];
  const args = [...register, program, ...steps];
  const { code, signal, stdout, stderr } = await runToEnd(args, environment ?? {}, dirname(program));
  const lines = stderr.split('\n');
  const warnings = lines.filter((line) => line.startsWith('evenkeel: '));
  // Where in Node's own code an error was thrown depends on who listens.
  const errors = lines.filter((line) => !line.startsWith('evenkeel: ') && !/^ +at /.test(line)).join('\n');
  return { code, signal, stdout, errors, warnings };
}
