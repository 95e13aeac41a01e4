// Tells what of the environment this SDK does not know, so that a misspelt value is not a silent default. Pure.
import type { Tell } from './sampler-setting.ts';

/** Values by variable; in lower case. `env` is what is read in any case. */
const KNOWN = {
  OTEL_PROPAGATORS: ['tracecontext', 'baggage', 'b3', 'b3multi', 'none'],
  OTEL_METRICS_EXEMPLAR_FILTER: ['trace_based', 'always_on', 'always_off'],
  OTEL_NODE_RESOURCE_DETECTORS: ['all', 'none', 'service', 'host', 'process', 'container', 'env'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The words of a list that the variable `name` may have; of each other one `tell` is told. */
export function knownWords(name: keyof typeof KNOWN, words: readonly string[], tell: Tell): string[] {
  const known: readonly string[] = KNOWN[name];
  return words
    .map((word) => word.toLowerCase())
    .filter((word) => {
      if (!known.includes(word)) tell(`${name}=${word}`);
      return known.includes(word);
    });
}

/** Tells of an address without a scheme, in whose place OpenTelemetry takes its default. It may hold secrets. */
export function checkAddress(name: string, value: string | undefined, tell: Tell): void {
  if (value === undefined || (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol))) return;
  tell(`an ${name} that does not begin with http:// or https://`);
}
