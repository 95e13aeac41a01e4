// Runs a detector's command over a stream of recorded calls and reads what it says.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import type { Violation } from './score.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The command that reads recorded calls: `SCAN`, or that of this repository. */
export function scanCommand(): string[] {
  const { SCAN } = process.env;
  if (SCAN !== undefined) return SCAN.split(' ');
  return [process.execPath, join(ROOT, 'collector/bin/evenkeel.js'), 'baseline', 'scan'];
}

/** Runs a command over a file by its name, or pieces of text through its input. @throws when it fails or says what is no violation */
export async function scan(
  [program = '', ...rest]: readonly string[],
  source: Iterable<string> | { readonly file: string },
): Promise<Violation[]> {
  const isFile = 'file' in source;
  const child = spawn(program, [...rest, isFile ? source.file : '-'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  // A command that ends early closes its input; what it ended with says more than the broken pipe.
  const fed = pipeline(Readable.from(isFile ? [] : source, { highWaterMark: 4 }), child.stdin).catch(
    (error: NodeJS.ErrnoException) => error.code,
  );
  const said = await text(child.stdout);
  const [code, broken] = await Promise.all([ended, fed]);
  if (code !== 0 || broken !== undefined)
    throw new Error(`${program} ended with ${code}${broken === undefined ? '' : `, ${broken}`}`);
  return violationsOf(said);
}

const SEVERITIES = ['none', 'info', 'warning', 'critical', 'emergency'];

/** Violations of the text of JSON Lines. @throws when a line is none, or time goes back */
export function violationsOf(said: string): Violation[] {
  let last = -Infinity;
  return said
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const violation = JSON.parse(line) as Violation;
      const { t_ms: ms, op, severity } = violation;
      if (typeof ms !== 'number' || typeof op !== 'string' || !SEVERITIES.includes(severity))
        throw new Error(`no violation: ${line}`);
      if (ms < last) throw new Error(`goes back in time: ${line}`);
      last = ms;
      return violation;
    });
}
