// Puts the ids of the active span into the lines of pino through pino's own tracing channel, without touching the
// program's loggers.
import { tracingChannel } from 'node:diagnostics_channel';
import { pinoMixin } from './log-correlation.ts';

/** A logger of pino: its fixed fields are kept as text, ready to be written. */
type PinoLogger = Record<symbol, unknown>;
interface Line {
  readonly instance?: PinoLogger;
  readonly arguments?: ArrayLike<unknown>;
}

/**
 * Adds the ids to every line pino writes, from now on; pino 9.7 and later publish the channel.
 *
 * The text of the logger's own fields is longer while one line is made, and as it was afterwards.
 */
export function startPino(
  switches: Readonly<Record<string, { readonly enabled?: boolean | null } | null>>,
): () => void {
  if (switches['pino']?.enabled === false) return () => {};
  const channel = tracingChannel<Line, Line>('pino_asJson');
  const before = new WeakMap<Line, () => void>();
  const changed = new WeakSet<PinoLogger>();

  function start(line: Line): void {
    const { instance } = line;
    const key = instance && symbolOf(instance);
    const ids = pinoMixin();
    if (!instance || !key || !ids.trace_id || changed.has(instance) || hasIds(line.arguments?.[0])) return;
    const text = instance[key];
    if (typeof text !== 'string' || text.includes('"trace_id":')) return;
    const isOwn = Object.hasOwn(instance, key);
    instance[key] = `${text},${JSON.stringify(ids).slice(1, -1)}`;
    changed.add(instance);
    before.set(line, () => {
      changed.delete(instance);
      if (isOwn) instance[key] = text;
      else delete instance[key];
    });
  }

  const subscribers = {
    start: (line: Line) => attempt(() => start(line)),
    end: (line: Line) => attempt(() => before.get(line)?.()),
    asyncStart: () => {},
    asyncEnd: () => {},
    error: () => {},
  };
  channel.subscribe(subscribers);
  return () => void channel.unsubscribe(subscribers);
}

function hasIds(fields: unknown): boolean {
  return typeof fields === 'object' && fields !== null && 'trace_id' in fields;
}

/** Finds the symbol of the fixed fields; children of a logger inherit them. */
function symbolOf(logger: PinoLogger): symbol | undefined {
  for (let holder: object | null = logger; holder; holder = Object.getPrototypeOf(holder) as object | null) {
    const found = Object.getOwnPropertySymbols(holder).find(({ description }) => description === 'pino.chindings');
    if (found) return found;
  }
  return undefined;
}

function attempt(act: () => void): void {
  try {
    act();
  } catch {
    // A frozen logger writes its lines without ids.
  }
}
