// `evenkeel baseline export` and `import`: takes what a running sidecar has learned into a document, and back into one.
import { writeBaselines, readBaselines } from '../baseline/document.ts';
import type { RecordedOperation } from '../baseline/recorded-run.ts';
import type { ExportAnswer, ImportAnswer } from '../web/api.ts';
import { EXIT, readArguments, UsageError } from './arguments.ts';
import { askSidecar, sidecarUrl } from './ask-sidecar.ts';
import { baselinesIn, createdNow, writeDocument } from './baseline-documents.ts';

export const TRANSFER_HELP = `evenkeel baseline export [--out baselines.json] [--url http://127.0.0.1:4320]
evenkeel baseline import FILE [--replace] [--url http://127.0.0.1:4320] [--json]

export writes what a running sidecar has learned as a document of baselines, for check --against, or for import into another;
without --out to standard output. Single calls are not kept, so their counts are made of the learned distribution.
import has a running sidecar watch by the baselines of a document at once. What it has a whole baseline of itself keeps that,
unless --replace is given. Operations need a service and a kind there.
Exit code 0: done, 1: it is not, 2: wrong arguments.
`;

/** Pieces a sidecar gives at once, and takes: far less than what it allows. */
const PIECE = 50;
/** A document has no more. */
const MAX_OPERATIONS = 10_000;
const MAX_LISTED = 10;

const REASONS: Readonly<Record<string, string>> = {
  no_service: 'the document says no service or kind',
  too_few_calls: 'nothing was learned of it',
  learned: 'it has a whole baseline here; --replace takes the place of it',
  max_operations: 'no more operations are watched there',
};

/** @returns the exit code */
export async function exportBaselines(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const { values, positionals } = readArguments(args, { url: { type: 'string' }, out: { type: 'string' } });
  const { out = '-' } = values;
  if (positionals.length > 0 || typeof out !== 'string')
    throw new UsageError('expected: evenkeel baseline export [--out baselines.json] [--url …]');
  const { operations, left } = await allOperations(sidecarUrl(values.url), environment);
  writeDocument(out, operations, `${operations.length} baselines written into ${out}`);
  if (left > 0) process.stderr.write(`evenkeel: a document has at most ${MAX_OPERATIONS}; ${left} are left out\n`);
  return left > 0 ? EXIT.failed : EXIT.ok;
}

/** @returns the exit code */
export async function importBaselines(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const options = { url: { type: 'string' }, json: { type: 'boolean' }, replace: { type: 'boolean' } } as const;
  const { values, positionals } = readArguments(args, options);
  const [file] = positionals;
  if (file === undefined || positionals.length > 1)
    throw new UsageError('expected: evenkeel baseline import FILE [--replace] [--url …]');
  const { operations, created } = baselinesIn(file);
  const url = new URL(`api/baselines/import?replace=${values.replace === true}`, sidecarUrl(values.url));
  let imported = 0;
  const skipped: ImportAnswer['skipped'][number][] = [];
  // Once also where there is nothing to send: no sidecar, or one that is locked, is a failure all the same.
  for (let from = 0; from === 0 || from < operations.length; from += PIECE) {
    const document = writeBaselines({ created, operations: operations.slice(from, from + PIECE) });
    const answer = await askSidecar<ImportAnswer>(url, environment, 'imported', document);
    imported += answer.imported;
    skipped.push(...answer.skipped);
  }
  process.stdout.write(values.json === true ? `${JSON.stringify({ imported, skipped })}\n` : textOf(imported, skipped));
  return EXIT.ok;
}

/** Piece by piece: the sidecar has spans to take meanwhile. */
async function allOperations(
  url: URL,
  environment: NodeJS.ProcessEnv,
): Promise<{ readonly operations: readonly RecordedOperation[]; readonly left: number }> {
  const operations: RecordedOperation[] = [];
  for (let offset = 0; ; offset += PIECE) {
    const target = new URL(`api/baselines/export?offset=${offset}&limit=${PIECE}`, url);
    const answer = await askSidecar<ExportAnswer>(target, environment, 'operations');
    // Read as strictly as any: what is written must be of use to whoever reads it.
    const read = readBaselines(JSON.stringify({ version: 1, created: createdNow(), operations: answer.operations }));
    operations.push(...read.operations);
    const seen = offset + PIECE;
    if (seen >= answer.found || operations.length >= MAX_OPERATIONS)
      return { operations: operations.slice(0, MAX_OPERATIONS), left: Math.max(0, answer.found - MAX_OPERATIONS) };
  }
}

function textOf(imported: number, skipped: ImportAnswer['skipped']): string {
  const lines = skipped.slice(0, MAX_LISTED).map(({ operation, reason }) => {
    return `  ${operation}: ${REASONS[reason] ?? reason}\n`;
  });
  const more = skipped.length > MAX_LISTED ? `  and ${skipped.length - MAX_LISTED} more\n` : '';
  const rest = skipped.length === 0 ? '' : `; ${skipped.length} are not:\n${lines.join('')}${more}`;
  return `${imported} baselines are watched by${rest || '\n'}`;
}
