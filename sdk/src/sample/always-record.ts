// Makes every span recorded, so that span processors can count it; which ones are exported stays with the sampler inside.
import type { Sampler } from '@opentelemetry/sdk-trace';
import { checkPart } from '../creation-checks.ts';
import { DECISION } from './consistent-probability.ts';

const RECORDED = { decision: DECISION.recordOnly } as const;

/**
 * Records what `root` drops: spans that nobody exports, but that a processor sees.
 *
 * @see OpenTelemetry specification, AlwaysRecord
 */
export function createAlwaysRecordSampler(root: Sampler): Sampler {
  checkPart('createAlwaysRecordSampler', root, 'shouldSample');
  return {
    shouldSample(context, traceId, name, kind, attributes, links) {
      const result = root.shouldSample(context, traceId, name, kind, attributes, links);
      if (result.decision !== DECISION.drop) return result;
      const isPlain = result.traceState === undefined && result.attributes === undefined;
      return isPlain ? RECORDED : { ...result, ...RECORDED };
    },
    toString: () => `AlwaysRecordSampler{${root.toString()}}`,
  };
}
