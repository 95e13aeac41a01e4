// Runs detectors of packages, and rules as people write them, over the streams of an exam.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { threeDeviations, thresholds, violationsBy } from './rules.ts';
import { scoreStream, type StreamScore, type Violation } from './score.ts';
import { type Series, seriesOf } from './series.ts';
import type { StreamSpec } from './stream.ts';
import { truthOf } from './truth.ts';

/** Packages of the detectors; they live outside the repository. */
const PACKAGES = ['river==0.26.1', 'pyod==3.6.7', 'ruptures==1.1.10', 'stumpy==1.14.1'];
const HOME = join(homedir(), '.cache/evenkeel-bench/rivals');
const PYTHON = join(HOME, 'bin/python');
const RULES = { 'mean + 3 sd': threeDeviations, 'p95 threshold rule': thresholds };

/** What a rival came to; `missing` says why it did not run. */
export interface Rival {
  readonly name: string;
  readonly scores: readonly StreamScore[];
}

export interface Rivals {
  readonly ran: readonly Rival[];
  /** Why detectors of packages did not run. */
  readonly missing: string | undefined;
}

export async function runRivals(specs: readonly StreamSpec[]): Promise<Rivals> {
  const series = new Map(specs.map((spec) => [spec.name, seriesOf(spec)]));
  const rules = Object.entries(RULES).map(([name, rule]) =>
    rivalOf(name, specs, (stream) => (series.get(stream) ?? []).flatMap((each) => violationsBy(rule, each))),
  );
  const missing = await install();
  if (missing !== undefined) return { ran: rules, missing };
  const said = await detect([...series.values()].flat());
  const names = [...new Set(said.map(({ rival }) => rival))];
  const detectors = names.map((name) =>
    rivalOf(name, specs, (stream) => said.filter((each) => each.rival === name && each.stream === stream)),
  );
  return { ran: [...detectors, ...rules], missing };
}

function rivalOf(name: string, specs: readonly StreamSpec[], of: (stream: string) => readonly Violation[]): Rival {
  const scores = specs.map((spec) =>
    scoreStream(
      truthOf(spec),
      [...of(spec.name)].sort((a, b) => a.t_ms - b.t_ms),
    ),
  );
  return { name, scores };
}

/** Makes an environment with the packages unless there is one. Answers why it cannot. */
async function install(): Promise<string | undefined> {
  const run = promisify(execFile);
  try {
    if (!existsSync(PYTHON)) {
      mkdirSync(HOME, { recursive: true });
      await run('python3', ['-m', 'venv', HOME]);
    }
    await run(PYTHON, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES]);
    return undefined;
  } catch (error) {
    return `${PACKAGES.join(', ')} cannot be installed: ${String(error).slice(0, 300)}`;
  }
}

type Said = Violation & { readonly rival: string; readonly stream: string };

/** Everything all detectors say; each process takes every second series. */
async function detect(series: readonly Series[]): Promise<Said[]> {
  const halves = [0, 1].map((rest) => series.filter((_, i) => i % 2 === rest));
  return (await Promise.all(halves.map(detectIn))).flat();
}

async function detectIn(series: readonly Series[]): Promise<Said[]> {
  const child = spawn(PYTHON, [join(import.meta.dirname, 'rivals.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: '1', NUMBA_NUM_THREADS: '1', PYTHONWARNINGS: 'ignore' },
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  for (const { stream, op, learnUntilMs, rows } of series) {
    const plain = rows.map(({ ms, calls, errorRatio, meanMs, p95Ms }) => [ms, calls, errorRatio, meanMs, p95Ms]);
    child.stdin.write(`${JSON.stringify({ stream, op, learn: learnUntilMs, rows: plain })}\n`);
  }
  child.stdin.end();
  const said = await text(child.stdout);
  const code = await ended;
  if (code !== 0) throw new Error(`rivals.py ended with ${code}`);
  const lines = said
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Said | { spent: object });
  for (const line of lines) if ('spent' in line) console.error(`CPU seconds of rivals: ${JSON.stringify(line.spent)}`);
  return lines.filter((line): line is Said => 'rival' in line);
}
