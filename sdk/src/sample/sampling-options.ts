// Options of sampling and what is wrong with them. It loads nothing: options are checked before anything is started.

/** How much is sampled, and what is counted whatever is sampled. */
export interface SamplingOptions {
  /** Share of the traces that begin here: 0..1. As the environment or the file says unless given. */
  readonly ratio?: number;
  /** Asks the sidecar how much to sample, at the address of its page; `ratio`, or 1, counts while it does not answer. */
  readonly remote?: { readonly url: string; readonly intervalMs?: number };
  /** Counts every span, also those that are not sampled; off unless true. */
  readonly exactCounting?: boolean;
  /** Span attributes that exact counts are kept apart by, as the sidecar's `measure.dimensions`. */
  readonly dimensions?: readonly string[];
}

/** Milliseconds between two questions: more often is no help, and a timer that is to wait longer fires at once. */
const LEAST_INTERVAL_MS = 1000;
const MOST_INTERVAL_MS = 2 ** 31 - 1;

/** Whether a sampler can ask so often. */
export function isInterval(intervalMs: unknown): boolean {
  return typeof intervalMs === 'number' && intervalMs >= LEAST_INTERVAL_MS && intervalMs <= MOST_INTERVAL_MS;
}

/** Lists what is wrong with the options, each with its name; empty when nothing is. */
export function checkSampling(options: unknown): string[] {
  if (options === undefined) return [];
  if (typeof options !== 'object' || options === null) return ['sampling must be an object'];
  const { ratio, remote, exactCounting, dimensions, ...others } = options as Record<string, unknown>;
  const problems = Object.keys(others).map((key) => `unknown option sampling.${key}`);
  const check = (isValid: boolean, problem: string): void => {
    if (!isValid) problems.push(problem);
  };
  const isRatio = ratio === undefined || (typeof ratio === 'number' && ratio >= 0 && ratio <= 1);
  check(isRatio, `sampling.ratio must be between 0 and 1: ${String(ratio)}`);
  check(['undefined', 'boolean'].includes(typeof exactCounting), 'sampling.exactCounting must be true or false');
  const areNames = Array.isArray(dimensions) && dimensions.every((each) => typeof each === 'string');
  check(dimensions === undefined || areNames, 'sampling.dimensions must be a list of attribute keys');
  if (remote !== undefined) problems.push(...checkRemote(remote));
  return problems;
}

function checkRemote(remote: unknown): string[] {
  if (typeof remote !== 'object' || remote === null) return ['sampling.remote must be an object with a url'];
  const { url, intervalMs } = remote as Record<string, unknown>;
  const isUrl = typeof url === 'string' && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  const problems = isUrl ? [] : ['sampling.remote.url must be an http or https URL'];
  if (intervalMs !== undefined && !isInterval(intervalMs))
    problems.push(`sampling.remote.intervalMs must be from ${LEAST_INTERVAL_MS} to ${MOST_INTERVAL_MS}`);
  return problems;
}
