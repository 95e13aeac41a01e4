// Reads OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG in the words of the configuration model. Pure.
// @see OpenTelemetry specification, environment variable specification, general SDK configuration
import { isInterval } from '../sample/sampling-options.ts';
import type { SamplerNode } from './model.ts';

/** Of Jaeger's clients and OpenTelemetry's for Java: little, because nobody has said yet that it may be more. */
const INITIAL_RATIO = 0.001;

/** The page of a sidecar on this machine, which answers how much to sample. */
const ENDPOINT = 'http://127.0.0.1:4320';

/**
 * Where nobody says otherwise all is kept, and said to be: with a threshold a backend knows that a span stands for one, and need
 * not be told which services send everything.
 */
export const DEFAULT_SAMPLER: SamplerNode = { parent_based: { root: { 'probability/development': { ratio: 1 } } } };

/** Takes what is not understood. */
export type Tell = (problem: string) => void;

/**
 * Makes the sampler the environment asks for.
 *
 * @param tell is told what is not understood, each with the name of its variable; the default takes its place
 */
export function samplerOf(name: string | undefined, arg: string | undefined, tell: Tell): SamplerNode {
  const roots: Readonly<Record<string, () => SamplerNode>> = {
    always_on: () => ({ always_on: null }),
    always_off: () => ({ always_off: null }),
    traceidratio: () => ({ trace_id_ratio_based: { ratio: ratioOf(arg, tell) ?? 1 } }),
    jaeger_remote: () => remoteOf(arg, tell),
  };
  if (name === undefined) return DEFAULT_SAMPLER;
  const isBelow = name.startsWith('parentbased_');
  const root = isBelow ? name.slice('parentbased_'.length) : name;
  const create = Object.hasOwn(roots, root) ? roots[root] : undefined;
  if (create !== undefined) return isBelow ? { parent_based: { root: create() } } : create();
  tell(`OTEL_TRACES_SAMPLER=${name}`);
  return DEFAULT_SAMPLER;
}

function ratioOf(text: string | undefined, tell: Tell): number | undefined {
  if (text === undefined) return undefined;
  const ratio = Number(text);
  if (text !== '' && ratio >= 0 && ratio <= 1) return ratio;
  tell(`the ratio ${text} of OTEL_TRACES_SAMPLER_ARG`);
  return undefined;
}

/** `endpoint=http://localhost:4320,pollingIntervalMs=5000,initialSamplingRate=0.25`, each of them optional. */
function remoteOf(arg: string | undefined, tell: Tell): SamplerNode {
  const pairs = (arg ?? '').split(',').flatMap((pair): [string, string][] => {
    const [name = '', ...rest] = pair.split('=').map((part) => part.trim());
    return name === '' ? [] : [[name, rest.join('=')]];
  });
  const { endpoint = ENDPOINT, pollingIntervalMs, initialSamplingRate, ...others } = Object.fromEntries(pairs);
  for (const other of Object.keys(others)) tell(`${other} of OTEL_TRACES_SAMPLER_ARG`);
  const isUrl = URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol);
  if (!isUrl) tell('the endpoint of OTEL_TRACES_SAMPLER_ARG');
  const interval = Number(pollingIntervalMs ?? Number.NaN);
  const hasInterval = isInterval(interval);
  if (pollingIntervalMs !== undefined && !hasInterval)
    tell(`pollingIntervalMs=${pollingIntervalMs} of OTEL_TRACES_SAMPLER_ARG`);
  const ratio = ratioOf(initialSamplingRate, tell) ?? INITIAL_RATIO;
  return {
    'jaeger_remote/development': {
      endpoint: isUrl ? endpoint : ENDPOINT,
      ...(hasInterval && { interval }),
      initial_sampler: { parent_based: { root: { trace_id_ratio_based: { ratio } } } },
    },
  };
}
