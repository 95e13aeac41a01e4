// `evenkeel baseline learn, list, show`: documents of baselines, and what is in them.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { alignedColumns } from '../baseline/check-report.ts';
import { callsOf, QUANTILES, quantileOf } from '../baseline/figures.ts';
import { type Baselines, operationJson, readBaselines, writeBaselines } from '../baseline/document.ts';
import { type RecordedOperation } from '../baseline/recorded-run.ts';
import { EvenkeelError } from '../errors.ts';
import { systemClock } from '../pipeline/clock.ts';
import { EXIT, readArguments, UsageError } from './arguments.ts';
import { fileSource, readRun } from './baseline-runs.ts';

/** Ten thousand operations of a few levels each take half as much. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Learns baselines of recorded calls and writes them. @returns the exit code */
export async function baselineLearn(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, { out: { type: 'string' } });
  const [file] = positionals;
  const { out } = values;
  if (file === undefined || positionals.length > 1 || typeof out !== 'string')
    throw new UsageError('expected: evenkeel baseline learn FILE --out baselines.json');
  const operations = await readRun(fileSource(file), 'baseline');
  const provisional = operations.filter(({ isProvisional }) => isProvisional).length;
  const note = provisional === 0 ? '' : `; ${provisional} of them provisional: a whole one takes 10 minutes of calls`;
  writeDocument(out, operations, `${operations.length} operations learned into ${out}${note}`);
  return EXIT.ok;
}

/** Writes a document of baselines into a file and says so, or to standard output. @throws REPORT_UNWRITABLE */
export function writeDocument(out: string, operations: readonly RecordedOperation[], told: string): void {
  const text = writeBaselines({ created: createdNow(), operations });
  if (out === '-') {
    process.stdout.write(text);
    return;
  }
  try {
    writeFileSync(out, text);
  } catch (error) {
    throw new EvenkeelError('REPORT_UNWRITABLE', out, { cause: error });
  }
  process.stdout.write(`${told}\n`);
}

/** When a document is made, as it says. */
export function createdNow(): string {
  return new Date(systemClock.nowMs()).toISOString();
}

/** Reads a document of baselines. @throws BASELINES_INVALID */
export function baselinesIn(file: string): Baselines {
  let text: string;
  try {
    if (statSync(file).size > MAX_BYTES) throw new EvenkeelError('BASELINES_INVALID', `${file} is larger than 64 MiB`);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof EvenkeelError) throw error;
    throw new EvenkeelError('BASELINES_INVALID', `${file} cannot be read`, { cause: error });
  }
  try {
    return readBaselines(text);
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error;
    throw new EvenkeelError('BASELINES_INVALID', `${file}: ${error.detail}`, { cause: error });
  }
}

/** Lists what is in a document, an operation a line. @returns the exit code */
export function baselineList(args: readonly string[]): number {
  const { values, positionals } = readArguments(args, { json: { type: 'boolean' } });
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new UsageError('expected: evenkeel baseline list FILE');
  const { operations, created } = baselinesIn(file);
  if (values['json'] === true)
    process.stdout.write(operations.map((each) => `${JSON.stringify(plainJson(each))}\n`).join(''));
  else process.stdout.write(`${table(operations)}\n\n${operations.length} operations, learned ${created}\n`);
  return EXIT.ok;
}

/** Shows all there is of the operations of a name. @returns the exit code */
export function baselineShow(args: readonly string[]): number {
  const { positionals } = readArguments(args, {});
  const [file, name] = positionals;
  if (file === undefined || name === undefined || positionals.length > 2)
    throw new UsageError('expected: evenkeel baseline show FILE OPERATION');
  const found = baselinesIn(file).operations.filter((each) => each.name === name);
  if (found.length === 0) {
    process.stderr.write(`evenkeel: ${file} has no operation ${name}\n`);
    return EXIT.failed;
  }
  process.stdout.write(found.map((each) => `${JSON.stringify(plainJson(each), undefined, 2)}\n`).join(''));
  return EXIT.ok;
}

/** Without what only programs read. */
function plainJson(operation: RecordedOperation): object {
  const { counts: _, learned, ...rest } = operationJson(operation);
  if (learned === null) return rest;
  const { density: __, levels, ...known } = learned;
  return { ...rest, learned: { ...known, levels: levels.map(({ from }) => ({ from })) } };
}

function table(operations: readonly RecordedOperation[]): string {
  const rows = operations.map((each) => {
    const { figures, learned, isProvisional } = each;
    const calls = callsOf(figures);
    return [
      [each.service, each.name, each.kind].filter((part) => part !== undefined).join(' '),
      ...QUANTILES.map((_, i) => digits(Math.exp(quantileOf(figures, i, 0.025).log) * 1000)),
      `${digits((figures.errors / calls) * 100)} %`,
      `${calls}`,
      learned === undefined ? 'too few calls' : isProvisional ? 'provisional' : `${digits(learned.confidence)}`,
    ];
  });
  const all = [['operation', 'p50 ms', 'p95 ms', 'p99 ms', 'errors', 'calls', 'confidence'], ...rows];
  return alignedColumns(all);
}

function digits(value: number): string {
  return `${Number(value.toPrecision(3))}`;
}
