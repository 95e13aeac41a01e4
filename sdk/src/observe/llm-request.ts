// What a model is asked with, read from the first argument as client libraries take it, and from options.
import type { Attributes } from '@opentelemetry/api';
import { GEN_AI_ATTRIBUTE } from '../names.ts';
import { fieldsOf, known } from './results.ts';

/** Settings of a request. */
export interface LlmRequest {
  readonly model?: string | undefined;
  readonly temperature?: number | undefined;
  readonly maxTokens?: number | undefined;
  readonly topP?: number | undefined;
  readonly topK?: number | undefined;
  readonly frequencyPenalty?: number | undefined;
  readonly presencePenalty?: number | undefined;
  readonly seed?: number | undefined;
  /** How many answers are asked for. */
  readonly choices?: number | undefined;
  readonly stop?: readonly string[] | undefined;
  readonly stream?: boolean | undefined;
}

/** Where Gemini and Bedrock keep settings. */
const NESTED = ['config', 'generationConfig', 'inferenceConfig'];
/** Stop sequences that are recorded, each with so many characters. */
const MAX_STOPS = 8;
const MAX_STOP_LENGTH = 64;

/** Reads settings from the arguments of a call. */
export function readRequest([first]: readonly unknown[]): LlmRequest {
  const whole = fieldsOf(first);
  if (whole === undefined) return {};
  const places = [whole, ...NESTED.map((key) => fieldsOf(whole[key])).filter((place) => place !== undefined)];
  const find = (keys: readonly string[]): unknown =>
    places.flatMap((place) => keys.map((key) => place[key])).find((value) => value !== undefined && value !== null);
  const number = (...keys: string[]): number | undefined => {
    const value = find(keys);
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  };
  const model = find(['model', 'modelId']);
  const named = fieldsOf(model)?.['modelId'] ?? model;
  const stop = find(['stop', 'stop_sequences', 'stopSequences']);
  return {
    model: typeof named === 'string' && named !== '' ? named : undefined,
    temperature: number('temperature'),
    maxTokens: number('max_tokens', 'max_completion_tokens', 'max_output_tokens', 'maxOutputTokens', 'maxTokens'),
    topP: number('top_p', 'topP'),
    topK: number('top_k', 'topK'),
    frequencyPenalty: number('frequency_penalty', 'frequencyPenalty'),
    presencePenalty: number('presence_penalty', 'presencePenalty'),
    seed: number('seed'),
    choices: number('n', 'candidateCount'),
    stop: typeof stop === 'string' ? [stop] : Array.isArray(stop) ? stop.filter((one) => typeof one === 'string') : [],
    stream: whole['stream'] === true ? true : undefined,
  };
}

/** What is written of a request on a span. */
export function requestAttributes(request: LlmRequest): Attributes {
  const stop = (request.stop ?? []).slice(0, MAX_STOPS).map((text) => text.slice(0, MAX_STOP_LENGTH));
  return known<string | number | boolean | string[]>({
    [GEN_AI_ATTRIBUTE.genAiRequestModel]: request.model,
    [GEN_AI_ATTRIBUTE.genAiRequestTemperature]: request.temperature,
    [GEN_AI_ATTRIBUTE.genAiRequestMaxTokens]: request.maxTokens,
    [GEN_AI_ATTRIBUTE.genAiRequestTopP]: request.topP,
    [GEN_AI_ATTRIBUTE.genAiRequestTopK]: request.topK,
    [GEN_AI_ATTRIBUTE.genAiRequestFrequencyPenalty]: request.frequencyPenalty,
    [GEN_AI_ATTRIBUTE.genAiRequestPresencePenalty]: request.presencePenalty,
    [GEN_AI_ATTRIBUTE.genAiRequestSeed]: request.seed,
    [GEN_AI_ATTRIBUTE.genAiRequestChoices]: request.choices === 1 ? undefined : request.choices,
    [GEN_AI_ATTRIBUTE.genAiRequestStop]: stop.length > 0 ? stop : undefined,
    [GEN_AI_ATTRIBUTE.genAiRequestStream]: request.stream,
  });
}
