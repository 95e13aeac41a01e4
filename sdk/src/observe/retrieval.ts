// Searches in data sources of a program, such as vector stores. What was searched for is recorded only when asked to.
import { SpanKind } from '@opentelemetry/api';
import {
  type AnyFunction,
  type ArgumentsOf,
  attributesFrom,
  type Instrument,
  instrument,
  type Observation,
} from './observe.ts';
import type { AttributesOption, LowAttributes } from './attributes.ts';
import { bounded } from './bounded-text.ts';
import { Metering } from './call.ts';
import { asked, countOf, known } from './results.ts';
import { markWorkflow } from './run-context.ts';
import { GEN_AI_ATTRIBUTE, GEN_AI_METRIC, GEN_AI_OPERATION } from '../names.ts';

/** Options of {@link traceRetrieval}. */
export interface RetrievalOptions<Args, Low extends LowAttributes = LowAttributes> {
  /** Identifier of the data source, one of few. */
  readonly dataSource: string;
  /** Value of `gen_ai.provider.name` where a provider runs the data source. */
  readonly provider?: string;
  /** How many results are asked for. */
  readonly topK?: number | ((args: Args) => number | undefined);
  /** Gives the text that is searched for, which may be of users; recorded where this is set. */
  readonly query?: (args: Args) => string | undefined;
  readonly attributes?: AttributesOption<Args, Low>;
  /** CLIENT unless set (convention). */
  readonly kind?: SpanKind;
}

/**
 * Traces one search in a data source as the span `retrieval {data source}`; decorator or wrapper.
 *
 * Its duration goes to `evenkeel.retrieval.duration`; how many results came is read from arrays, and from the usual
 * places of lists in objects.
 */
export function traceRetrieval<F extends AnyFunction, const Low extends LowAttributes>(
  dataSourceOrOptions: string | RetrievalOptions<ArgumentsOf<F>, Low>,
  fn: F,
): F;
export function traceRetrieval<
  Args extends readonly unknown[] = unknown[],
  const Low extends LowAttributes = LowAttributes,
>(dataSourceOrOptions: string | RetrievalOptions<Args, Low>): Instrument<Args>;
export function traceRetrieval(dataSourceOrOptions: string | RetrievalOptions<never>, fn?: AnyFunction): unknown {
  return instrument(() => retrievalObservation(dataSourceOrOptions), fn);
}

function retrievalObservation(dataSourceOrOptions: string | RetrievalOptions<never>): Observation {
  const { dataSource, provider, topK, query, kind, attributes }: RetrievalOptions<never> =
    typeof dataSourceOrOptions === 'string' ? { dataSource: dataSourceOrOptions } : dataSourceOrOptions;
  const own = known({
    [GEN_AI_ATTRIBUTE.genAiOperation]: GEN_AI_OPERATION.retrieval,
    [GEN_AI_ATTRIBUTE.genAiDataSource]: dataSource,
    [GEN_AI_ATTRIBUTE.genAiProvider]: provider,
  });
  const { fixed, fromArguments, low } = attributesFrom(attributes, own);
  return {
    name: `${GEN_AI_OPERATION.retrieval} ${dataSource}`,
    kind: kind ?? SpanKind.CLIENT,
    fixed,
    fromArguments,
    metering: new Metering({ ...own, ...low }, GEN_AI_METRIC.retrievalDuration, undefined),
    watch({ span }, args) {
      if (!span.isRecording()) return undefined;
      markWorkflow(span);
      const limit = typeof topK === 'function' ? asked(topK, args) : topK;
      if (limit !== undefined) span.setAttribute(GEN_AI_ATTRIBUTE.genAiRequestTopK, limit);
      const text = asked(query, args);
      if (typeof text === 'string') span.setAttribute(GEN_AI_ATTRIBUTE.genAiRetrievalQuery, bounded(text));
      let items = 0;
      return {
        value(result) {
          const count = countOf(result);
          if (count !== undefined) span.setAttribute(GEN_AI_ATTRIBUTE.retrievalResults, count);
        },
        item: () => void items++,
        over: () => void (items > 0 && span.setAttribute(GEN_AI_ATTRIBUTE.retrievalResults, items)),
      };
    },
  };
}
