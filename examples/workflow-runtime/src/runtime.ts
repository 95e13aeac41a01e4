// Puts the parts of the runtime together and opens the API. Knows nothing of signals and exit codes: that is main.ts.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { createApp } from './api/app.ts';
import { serveRunEvents } from './api/run-events.ts';
import { AnswerMemory } from './ask/answer-memory.ts';
import { Librarian } from './ask/librarian.ts';
import { Questions } from './ask/questions.ts';
import { Quotes } from './ask/quotes.ts';
import { PackageTree } from './dependencies/package-tree.ts';
import { startDriver } from './driver/driver.ts';
import { seededRandom } from './driver/random.ts';
import { Slowdowns } from './faults/slowdowns.ts';
import type { Options } from './options.ts';
import { indexDependencies } from './runs/index-dependencies.ts';
import { Runs } from './runs/runs.ts';
import { DependencyTable } from './table/dependency-table.ts';
import { ReadmeVectors } from './vectors/readme-vectors.ts';

const HOST = '127.0.0.1';

/** Enough for a request or a run that nobody has slowed; with the flush that follows, about a second in all. */
const GRACE_MS = 500;

export interface Runtime {
  /** Base URL of the API. */
  readonly url: string;
  /** Stops the driver and closes the API; open requests and runs get a moment to end, not more. */
  stop(): Promise<void>;
}

/** Opens the API and starts the driver. Rejects with EADDRINUSE when the port is taken. */
export async function startRuntime(options: Options): Promise<Runtime> {
  const slowdowns = new Slowdowns();
  const tree = new PackageTree(options.project, slowdowns);
  const table = new DependencyTable(slowdowns);
  const vectors = new ReadmeVectors(slowdowns);
  const memory = new AnswerMemory();
  const quotes = new Quotes(tree);
  const runs = new Runs(indexDependencies({ projectRoot: options.project, tree, table, vectors, memory, quotes }));
  const questions = new Questions({ librarian: new Librarian({ table, vectors, quotes }), vectors, memory });

  const server = createServer(createApp({ runs, questions, table, tree, slowdowns }));
  const events = serveRunEvents(server, runs);
  server.listen(options.port, HOST);
  await once(server, 'listening');
  const url = `http://${HOST}:${options.port}`;
  const driver =
    options.rate === 0
      ? undefined
      : startDriver({ url, random: seededRandom(options.seed), requestsPerSecond: options.rate });

  const settle = async (): Promise<void> => {
    await Promise.all([driver?.stop(), closeServer(server), runs.settled()]);
  };
  return {
    url,
    stop: async () => {
      await Promise.race([settle(), pause(GRACE_MS, undefined, { ref: false })]);
      for (const client of events.clients) client.terminate();
      server.closeAllConnections();
      await table.close();
    },
  };
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections(); // Kept-alive connections would hold it open.
  await closed;
}
