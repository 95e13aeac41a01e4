// `evenkeel baseline check`: holds a run against recorded baselines, for a build to fail on.
import { writeFileSync } from 'node:fs';
import { checkJson, checkJunit, checkMarkdown, checkTable } from '../baseline/check-report.ts';
import { compareRuns, DEFAULT_TOLERANCE } from '../baseline/compare.ts';
import type { Comparison } from '../baseline/comparison.ts';
import { EvenkeelError } from '../errors.ts';
import { EXIT, readArguments, UsageError } from './arguments.ts';
import { baselinesIn } from './baseline-documents.ts';
import { fileSource, readRun } from './baseline-runs.ts';

/** Beside those every command has. */
const UNJUDGED = 3;
const MOST_TOLERANCE = 10;

/** @returns the exit code: 0 fine, 1 a regression, 3 nothing could be judged */
export async function baselineCheck(args: readonly string[]): Promise<number> {
  const { file, against, junit, markdown, json, tolerance, isNormalized } = checkArguments(args);
  let comparison: Comparison;
  try {
    const baselines = baselinesIn(against);
    comparison = compareRuns(baselines.operations, await readRun(fileSource(file), 'run'), { tolerance, isNormalized });
    if (junit !== undefined) write(junit, checkJunit(comparison));
    if (markdown !== undefined) write(markdown, checkMarkdown(comparison));
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error;
    // A build must be able to tell a regression from a file that is not there.
    process.stderr.write(`evenkeel: ${error.message}\n  hint: ${error.hint}\n`);
    return UNJUDGED;
  }
  process.stdout.write(json ? checkJson(comparison) : checkTable(comparison));
  if (comparison.outcome === 'regression') return EXIT.failed;
  return comparison.outcome === 'fine' ? EXIT.ok : UNJUDGED;
}

interface CheckArguments {
  readonly file: string;
  readonly against: string;
  readonly junit: string | undefined;
  readonly markdown: string | undefined;
  readonly json: boolean;
  readonly tolerance: number;
  readonly isNormalized: boolean;
}

function checkArguments(args: readonly string[]): CheckArguments {
  const { values, positionals } = readArguments(args, {
    against: { type: 'string' },
    junit: { type: 'string' },
    markdown: { type: 'string' },
    json: { type: 'boolean' },
    tolerance: { type: 'string' },
    normalize: { type: 'boolean' },
  });
  const [file] = positionals;
  const { against, junit, markdown } = values as Readonly<Record<string, string | undefined>>;
  if (file === undefined || positionals.length > 1 || against === undefined)
    throw new UsageError('expected: evenkeel baseline check --against baselines.json FILE');
  return {
    file,
    against,
    junit,
    markdown,
    json: values['json'] === true,
    tolerance: toleranceOf(values['tolerance'] as string | undefined),
    isNormalized: values['normalize'] === true,
  };
}

function toleranceOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_TOLERANCE;
  const tolerance = /^\d*\.?\d+$/.test(text) ? Number(text) : NaN;
  if (!(tolerance <= MOST_TOLERANCE))
    throw new UsageError('--tolerance is a share from 0 to 10: 0.2 allows for 1.2 times');
  return tolerance;
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new EvenkeelError('REPORT_UNWRITABLE', file, { cause: error });
  }
}
