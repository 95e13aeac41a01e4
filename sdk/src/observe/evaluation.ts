// How good an answer of a model was, as somebody judged it: a user, a program, another model.
import { type Attributes, context, type Span, trace } from '@opentelemetry/api';
import { LowLimits, lowCardinality } from './attributes.ts';
import { bounded } from './bounded-text.ts';
import { emitEvent } from './events.ts';
import { instruments } from './instruments.ts';
import { known } from './results.ts';
import { EVENT, GEN_AI_ATTRIBUTE, GEN_AI_METRIC } from '../names.ts';
import { state } from '../state.ts';

/** One judgement. */
export interface Evaluation {
  /** What was judged, such as `relevance`; one of few. */
  readonly name: string;
  readonly score?: number;
  /** What the score means, such as `pass`; one of few. */
  readonly label?: string;
  /** Why; recorded as bounded text. */
  readonly explanation?: string;
  /** The model that answered; unless set, that of the span that is active. */
  readonly model?: string;
  /** Id of the answer, where its span is not the active one. */
  readonly responseId?: string;
}

const MAX_VALUES = 100;
const limits = new LowLimits();

/**
 * Records how good an answer was: `gen_ai.evaluation.score`, and an event on the active span.
 *
 * It never throws; without a span only the metric is recorded.
 */
export function recordEvaluation(evaluation: Evaluation): void {
  if (!state.isOn) return;
  try {
    tell(evaluation);
  } catch {
    // It cannot be read.
  }
}

function tell(evaluation: Evaluation): void {
  const { name, score, label, explanation, responseId } = evaluation;
  const span = trace.getActiveSpan();
  const model = evaluation.model ?? modelOf(span);
  const hasScore = typeof score === 'number' && Number.isFinite(score);
  const measured = limits.plain({
    [GEN_AI_ATTRIBUTE.genAiEvaluationName]: lowCardinality(name, MAX_VALUES),
    [GEN_AI_ATTRIBUTE.genAiEvaluationLabel]: typeof label === 'string' ? lowCardinality(label, MAX_VALUES) : undefined,
    [GEN_AI_ATTRIBUTE.genAiRequestModel]: model === undefined ? undefined : lowCardinality(model, MAX_VALUES),
  });
  if (hasScore) instruments()?.get(GEN_AI_METRIC.evaluationScore).record(score, measured, context.active());
  const attributes = known<string | number>({
    [GEN_AI_ATTRIBUTE.genAiEvaluationName]: name,
    [GEN_AI_ATTRIBUTE.genAiEvaluationScore]: hasScore ? score : undefined,
    [GEN_AI_ATTRIBUTE.genAiEvaluationLabel]: typeof label === 'string' ? label : undefined,
    // What another model said may be anything.
    [GEN_AI_ATTRIBUTE.genAiEvaluationExplanation]: typeof explanation === 'string' ? bounded(explanation) : undefined,
    [GEN_AI_ATTRIBUTE.genAiResponseId]: responseId,
  });
  if (state.exceptionSignal !== 'logs') span?.addEvent(EVENT.evaluation, attributes);
  if (state.exceptionSignal !== 'events')
    emitEvent(EVENT.evaluation, 'info', `${name} was evaluated`, attributes, context.active());
}

/** Spans of the SDK show their attributes; the API does not say so. */
function modelOf(span: Span | undefined): string | undefined {
  const { attributes } = (span ?? {}) as { attributes?: Attributes };
  const model = attributes?.[GEN_AI_ATTRIBUTE.genAiRequestModel];
  return typeof model === 'string' ? model : undefined;
}
