// Calls of language models under the GenAI conventions: tokens, streams, cost. Prompts and answers are not recorded
// unless a program asks for it.
import { type Attributes, SpanKind } from '@opentelemetry/api';
import {
  type AnyFunction,
  type ArgumentsOf,
  attributesFrom,
  instrumentBy,
  type Instrument,
  observe,
  type Observation,
} from './observe.ts';
import { type AttributesOption, type LowAttributes, lowCardinality, LowLimits } from './attributes.ts';
import { type Call, Metering, type Watch } from './call.ts';
import { endingWithResults } from './client-results.ts';
import { AnswerText, inputText } from './llm-content.ts';
import { type CostOf, installedPrices } from './llm-cost.ts';
import { type Fallback, withFallbacks } from './llm-fallback.ts';
import { type LlmRequest, readRequest, requestAttributes } from './llm-request.ts';
import { type LlmResponse, type LlmUsage, ResponseReader, usageAttributes } from './llm-response.ts';
import { asked, fieldsOf, known } from './results.ts';
import { markWorkflow } from './run-context.ts';
import type { MetricDefinition } from '../metric-definition.ts';
import { GEN_AI_ATTRIBUTE, GEN_AI_METRIC } from '../names.ts';

/** Options of {@link traceLLM}. */
export interface LlmOptions<Args, Low extends LowAttributes = LowAttributes> {
  /** Value of `gen_ai.provider.name`, such as `openai`, `anthropic`, `gcp.gemini`. */
  readonly provider: string;
  /** The model asked for; unless set, the `model` of the first argument. */
  readonly model?: string | ((args: Args) => string | undefined);
  /** `chat` unless set. */
  readonly operation?: 'chat' | 'generate_content' | 'text_completion' | 'embeddings';
  /** Settings, which stand above those that are found in the first argument. */
  readonly request?: LlmRequest | ((args: Args) => LlmRequest);
  /** Reads tokens of a result or chunk of a shape that is not known. */
  readonly usage?: (result: unknown) => LlmUsage | undefined;
  /** Gives the cost in US dollars; false for none. Unless set, `@pydantic/genai-prices` says it where it is installed. */
  readonly cost?: CostOf | false;
  /** Records prompts and answers, which may be of users, as bounded text. */
  readonly captureContent?: boolean;
  /** The conversation that a call belongs to. */
  readonly session?: (args: Args) => string | undefined;
  /** Models to ask in this order when a call fails, each as a child span: names, or models with their own function. */
  readonly fallbacks?: readonly (string | Fallback)[];
  /** Whether to ask the next model after this error; unless set, after all but an abort. */
  readonly fallbackOn?: (error: unknown) => boolean;
  readonly attributes?: AttributesOption<Args, Low>;
  /** CLIENT unless set; INTERNAL suits a model in the process (convention). */
  readonly kind?: SpanKind;
}

type AnyOptions = LlmOptions<never>;

/** Chunks that the AI SDK gives before the model has answered anything. */
const ANNOUNCEMENTS: ReadonlySet<unknown> = new Set(['start', 'start-step', 'stream-start']);

/** Models, asked and answering, that an operation has series for. */
const MAX_MODELS = 100;

/**
 * Traces one call of a language model as the span `{operation} {model}`; decorator or wrapper.
 *
 * Duration, tokens, cost and the time to the first chunk become metrics of the GenAI conventions. A stream is over after
 * its last chunk, or when its reader leaves it, with the tokens that are known by then. With fallbacks a span
 * `fallback {model}` is around the tries, and a promise of any kind becomes a plain one.
 */
export function traceLLM<F extends AnyFunction, const Low extends LowAttributes>(
  options: LlmOptions<ArgumentsOf<F>, Low>,
  fn: F,
): F;
export function traceLLM<Args extends readonly unknown[] = unknown[], const Low extends LowAttributes = LowAttributes>(
  options: LlmOptions<Args, Low>,
): Instrument<Args>;
export function traceLLM(options: AnyOptions, fn?: AnyFunction): unknown {
  return instrumentBy(() => wrapperOf(options), fn);
}

function wrapperOf(options: AnyOptions): (fn: AnyFunction) => AnyFunction {
  const { fallbacks = [] } = options;
  const trace = instrumentOf(options);
  return (called) => {
    if (fallbacks.length === 0) return trace(called);
    const traceTry = (model: string, provider: string | undefined, other: AnyFunction): AnyFunction =>
      instrumentOf({ ...options, model, provider: provider ?? options.provider })(other);
    return withFallbacks({ ...options, fallbacks }, called, trace(called), traceTry);
  };
}

function instrumentOf(options: AnyOptions): (fn: AnyFunction) => AnyFunction {
  const { observation, watched } = endingWithResults(observationOf(options));
  return (fn) => observe(observation, watched(fn));
}

function observationOf(options: AnyOptions): Observation {
  const { provider, model, operation = 'chat', kind, attributes } = options;
  const fixedModel = typeof model === 'string' ? model : undefined;
  const measured = known({
    [GEN_AI_ATTRIBUTE.genAiOperation]: operation,
    [GEN_AI_ATTRIBUTE.genAiProvider]: provider,
    [GEN_AI_ATTRIBUTE.genAiRequestModel]: fixedModel,
  });
  const { fixed, fromArguments, low } = attributesFrom(attributes, measured);
  const base = { ...measured, ...low };
  const limits = new LowLimits();
  return {
    name: fixedModel === undefined ? operation : `${operation} ${fixedModel}`,
    kind: kind ?? SpanKind.CLIENT,
    fixed,
    fromArguments,
    metering: new Metering(base, GEN_AI_METRIC.llmDuration, undefined),
    watch: (call, args) => watchCall(call, args, options, base, limits),
  };
}

function watchCall(
  call: Call,
  args: readonly unknown[],
  options: AnyOptions,
  base: Attributes,
  limits: LowLimits,
): Watch {
  const { usage, cost } = options;
  const reader = new ResponseReader();
  const chunks = new ChunkTimes(call, base);
  const model = begin(call, args, options, limits);
  const answer = options.captureContent === true && call.span.isRecording() ? new AnswerText() : undefined;
  if (cost === undefined && call.meters !== undefined) void installedPrices.prepare();
  const read = (value: unknown): void => {
    reader.read(value);
    const own = usage === undefined ? undefined : asked(([result]: [unknown]) => usage(result), [value]);
    if (own !== undefined) reader.use(own);
    answer?.read(value);
  };
  return {
    value: read,
    item(chunk) {
      if (!ANNOUNCEMENTS.has(fieldsOf(chunk)?.['type'])) chunks.note();
      read(chunk);
    },
    over() {
      const { response } = reader;
      if (response.model !== undefined)
        call.add(
          { low: { [GEN_AI_ATTRIBUTE.genAiResponseModel]: lowCardinality(response.model, MAX_MODELS) } },
          limits,
        );
      if (call.span.isRecording()) describeResponse(call, response, answer);
      recordUsage(call, base, response.usage);
      tellCost(call, base, options, response, model);
    },
  };
}

/** Writes what is known before a call. @returns the model asked for */
function begin(call: Call, args: readonly unknown[], options: AnyOptions, limits: LowLimits): string | undefined {
  const { operation = 'chat', request, session } = options;
  const found = asked(() => readRequest(args), args) ?? {};
  const given = typeof request === 'function' ? asked(request, args) : request;
  const all: LlmRequest = { ...found, ...given };
  const model = (typeof options.model === 'function' ? asked(options.model, args) : options.model) ?? all.model;
  if (typeof options.model !== 'string' && model !== undefined) {
    call.add({ low: { [GEN_AI_ATTRIBUTE.genAiRequestModel]: lowCardinality(model, MAX_MODELS) } }, limits);
    call.span.updateName(`${operation} ${String(call.low?.[GEN_AI_ATTRIBUTE.genAiRequestModel])}`);
  }
  if (!call.span.isRecording()) return model;
  markWorkflow(call.span);
  call.span.setAttributes(requestAttributes({ ...all, model }));
  const conversation = asked(session, args);
  if (conversation !== undefined) call.span.setAttribute(GEN_AI_ATTRIBUTE.genAiConversation, conversation);
  const input = options.captureContent === true ? asked(() => inputText(args), args) : undefined;
  if (input !== undefined) call.span.setAttribute(GEN_AI_ATTRIBUTE.genAiInputMessages, input);
  return model;
}

/** Times the chunks of a stream. */
class ChunkTimes {
  readonly #call: Call;
  readonly #base: Attributes;
  #lastMs = performance.now();
  #isFirst = true;

  constructor(call: Call, base: Attributes) {
    this.#call = call;
    this.#base = base;
  }

  note(): void {
    const nowMs = performance.now();
    const tookS = (nowMs - this.#lastMs) / 1000;
    this.#lastMs = nowMs;
    const { span, meters, low, active } = this.#call;
    const key: MetricDefinition = this.#isFirst ? GEN_AI_METRIC.llmFirstChunk : GEN_AI_METRIC.llmOutputChunk;
    if (this.#isFirst && span.isRecording())
      span.setAttributes({
        [GEN_AI_ATTRIBUTE.genAiTimeToFirstChunk]: tookS,
        [GEN_AI_ATTRIBUTE.genAiRequestStream]: true,
      });
    this.#isFirst = false;
    meters?.get(key).record(tookS, { ...this.#base, ...low }, active);
  }
}

function describeResponse({ span }: Call, response: LlmResponse, answer: AnswerText | undefined): void {
  const { id, model, finishReasons } = response;
  span.setAttributes(usageAttributes(response));
  span.setAttributes(known({ [GEN_AI_ATTRIBUTE.genAiResponseId]: id, [GEN_AI_ATTRIBUTE.genAiResponseModel]: model }));
  if (finishReasons.length > 0) span.setAttribute(GEN_AI_ATTRIBUTE.genAiFinishReasons, [...finishReasons]);
  const output = answer?.messages(finishReasons[0]);
  if (output !== undefined) span.setAttribute(GEN_AI_ATTRIBUTE.genAiOutputMessages, output);
}

function recordUsage({ meters, low, active }: Call, base: Attributes, usage: LlmUsage): void {
  if (meters === undefined) return;
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } = usage;
  const record = (metric: MetricDefinition, count: number, of: Attributes): void => {
    const attributes = { ...base, ...low, ...of };
    if (metric.kind === 'histogram') meters.get(metric).record(count, attributes, active);
    else if (count > 0) meters.get(metric).add(count, attributes, active);
  };
  if (inputTokens !== undefined)
    record(GEN_AI_METRIC.llmTokens, inputTokens, { [GEN_AI_ATTRIBUTE.genAiTokenType]: 'input' });
  if (outputTokens !== undefined)
    record(GEN_AI_METRIC.llmTokens, outputTokens, { [GEN_AI_ATTRIBUTE.genAiTokenType]: 'output' });
  // Parts of those, so they are metrics of their own: a sum of one must not count a token twice.
  if (inputTokens !== undefined && (cacheReadTokens ?? cacheWriteTokens) !== undefined) {
    const [read, written] = [cacheReadTokens ?? 0, cacheWriteTokens ?? 0];
    record(GEN_AI_METRIC.llmCachedTokens, read, { [GEN_AI_ATTRIBUTE.genAiTokenCache]: 'read' });
    record(GEN_AI_METRIC.llmCachedTokens, written, { [GEN_AI_ATTRIBUTE.genAiTokenCache]: 'creation' });
    record(GEN_AI_METRIC.llmCachedTokens, inputTokens - read - written, { [GEN_AI_ATTRIBUTE.genAiTokenCache]: 'none' });
  }
  if (outputTokens !== undefined && reasoningTokens !== undefined) {
    record(GEN_AI_METRIC.llmPhaseTokens, reasoningTokens, { [GEN_AI_ATTRIBUTE.genAiTokenPhase]: 'reasoning' });
    record(GEN_AI_METRIC.llmPhaseTokens, outputTokens - reasoningTokens, {
      [GEN_AI_ATTRIBUTE.genAiTokenPhase]: 'response',
    });
  }
}

function tellCost(
  call: Call,
  base: Attributes,
  options: AnyOptions,
  response: LlmResponse,
  model: string | undefined,
): void {
  const { cost, provider } = options;
  const { usage } = response;
  if (cost === false || (usage.inputTokens ?? usage.outputTokens) === undefined) return;
  const { span, meters, low, active } = call;
  const told = (usd: unknown): void => {
    if (typeof usd !== 'number' || !Number.isFinite(usd) || usd < 0) return;
    // A table that is loaded late finds the span over, and the metric in time.
    if (span.isRecording())
      span.setAttributes({
        [GEN_AI_ATTRIBUTE.genAiCostAmount]: usd,
        [GEN_AI_ATTRIBUTE.genAiCostCurrency]: 'USD',
        [GEN_AI_ATTRIBUTE.genAiCostSource]: 'local',
      });
    meters?.get(GEN_AI_METRIC.llmCost).record(usd, { ...base, ...low }, active);
  };
  const of = { provider, model: response.model ?? model };
  if (cost !== undefined) told(asked(() => cost(usage, of), []));
  else if (meters !== undefined || span.isRecording()) installedPrices.tell(usage, of, told);
}
