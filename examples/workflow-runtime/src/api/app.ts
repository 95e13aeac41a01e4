// The HTTP API of the runtime. Checks requests and hands them on; it decides nothing itself.
/* oxlint-disable oxc/no-async-endpoint-handlers -- Express 5 passes rejections on to the error handler. */
import { measurePerformance } from '@evenkeel/sdk';
import express, { type ErrorRequestHandler, type Express } from 'express';
import { z } from 'zod';
import type { Questions } from '../ask/questions.ts';
import type { PackageTree } from '../dependencies/package-tree.ts';
import { describeProblems, RuntimeError } from '../errors.ts';
import { DEPENDENCIES, MAX_SLOWDOWN, type Slowdowns } from '../faults/slowdowns.ts';
import type { Runs } from '../runs/runs.ts';
import type { DependencyTable } from '../table/dependency-table.ts';
import type { PackageFacts } from '../table/schema.ts';
import { serverSpans } from './server-spans.ts';

export interface ApiParts {
  readonly runs: Runs;
  readonly questions: Questions;
  readonly table: DependencyTable;
  readonly tree: PackageTree;
  readonly slowdowns: Slowdowns;
}

// npm allows names of 214 characters.
const packageName = z.string().min(1).max(214);
const runRequest = z.strictObject({ package: packageName.optional() });
const askRequest = z.object({ q: z.string().trim().min(1).max(500) });
const listRequest = z.object({
  prefix: z.string().max(214).default(''),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});
const faultRequest = z.strictObject({
  dependency: z.enum(DEPENDENCIES),
  slowdown: z.number().int().min(1).max(MAX_SLOWDOWN),
});

/** Builds the API; the caller listens. */
export function createApp(parts: ApiParts): Express {
  const { runs, questions, table, tree, slowdowns } = parts;
  /** Promised to people: of a hundred lists, 95 within 50 ms. */
  const listPackages = measurePerformance(
    { name: 'packages.list', slo: { latencyMs: 50, objective: 0.95 } },
    (prefix: string, limit: number) => table.listPackages(prefix, limit),
  );
  const app = express();
  app.disable('x-powered-by');
  app.use(serverSpans());
  app.use(express.json({ limit: '1kb' }));

  app.get('/health', (_request, response) => void response.json({ status: 'ok' }));
  app.post('/runs', (request, response) => {
    const run = runs.start(check(runRequest, request.body ?? {}).package);
    response.status(202).location(`/runs/${run.id}`).json(run);
  });
  app.get('/runs/:id', (request, response) => void response.json(runs.get(request.params.id)));
  app.get('/ask', async (request, response) => {
    response.json(await questions.answer(check(askRequest, request.query).q));
  });
  app.get('/packages', async (request, response) => {
    const { prefix, limit } = check(listRequest, request.query);
    response.json(await listPackages(prefix, limit));
  });
  app.get('/packages/:name', async (request, response) => {
    response.json(await findPackage(table, request.params.name));
  });
  app.get('/packages/:name/readme', async (request, response) => {
    const { path } = await findPackage(table, request.params.name);
    response.type('text/plain').send(await tree.readReadme(path));
  });
  app.get('/findings', async (request, response) => {
    response.json(await table.listFindings(check(listRequest, request.query).limit));
  });
  app.get('/faults', (_request, response) => void response.json(slowdowns));
  app.put('/faults', (request, response) => {
    const { dependency, slowdown } = check(faultRequest, request.body);
    slowdowns.set(dependency, slowdown);
    response.json(slowdowns);
  });
  app.use((request) => {
    throw new RuntimeError('ROUTE_UNKNOWN', `${request.method} ${request.path}`);
  });
  app.use(answerError);
  return app;
}

async function findPackage(table: DependencyTable, name: string): Promise<PackageFacts> {
  const facts = await table.factsByName(check(packageName, name));
  if (facts === undefined) throw new RuntimeError('PACKAGE_UNKNOWN', name);
  return facts;
}

function check<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new RuntimeError('REQUEST_INVALID', describeProblems(parsed.error));
  return parsed.data;
}

// Express tells an error handler by its four parameters.
const answerError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) return next(error);
  const status = statusOf(error);
  if (status === 429 || status === 503) response.set('retry-after', '1');
  response.status(status).json({ error: error instanceof Error ? error.message : String(error) });
};

function statusOf(error: unknown): number {
  if (error instanceof RuntimeError) return error.status;
  if (!(error instanceof Error)) return 500;
  // A README that was asked for and is not on disk.
  if ('code' in error && error.code === 'ENOENT') return 404;
  // Errors of the body parser carry their status.
  return 'status' in error && typeof error.status === 'number' ? error.status : 500;
}
