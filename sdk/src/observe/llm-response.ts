// What a model answered, read from results and stream chunks of the shapes that providers and client libraries have.
import type { Attributes } from '@opentelemetry/api';
import { GEN_AI_ATTRIBUTE } from '../names.ts';
import { type Fields, fieldsOf, known } from './results.ts';

/** Tokens of one call. Those of the cache are among the input, those of reasoning among the output (convention). */
export interface LlmUsage {
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly cacheReadTokens?: number | undefined;
  readonly cacheWriteTokens?: number | undefined;
  readonly reasoningTokens?: number | undefined;
}

/** What is known of an answer; of a stream, so far. */
export interface LlmResponse {
  readonly id?: string | undefined;
  readonly model?: string | undefined;
  readonly finishReasons: readonly string[];
  readonly usage: LlmUsage;
}

// Where counts are found, the first first. OpenAI, Anthropic, Gemini, Bedrock, Cohere, Ollama, DeepSeek, LangChain, AI SDK 4 to 6.
const INPUT_WITH_CACHE = [
  'prompt_tokens',
  'promptTokens',
  'promptTokenCount',
  'prompt_eval_count',
  'inputTokens.total',
  'billed_units.input_tokens',
  'billedUnits.inputTokens',
  'tokens.input_tokens',
  'tokens.inputTokens',
  'tokens',
];
/** Of Anthropic and Bedrock these leave out what came from the cache or went there. */
const INPUT = ['input_tokens', 'inputTokens'];
const OUTPUT = [
  'completion_tokens',
  'output_tokens',
  'outputTokens',
  'outputTokens.total',
  'completionTokens',
  'candidatesTokenCount',
  'eval_count',
  'billed_units.output_tokens',
  'billedUnits.outputTokens',
  'tokens.output_tokens',
  'tokens.outputTokens',
];
const CACHE_READ = [
  'prompt_tokens_details.cached_tokens',
  'input_tokens_details.cached_tokens',
  'inputTokenDetails.cacheReadTokens',
  'inputTokens.cacheRead',
  'cachedInputTokens',
  'cachedContentTokenCount',
  'prompt_cache_hit_tokens',
  'input_token_details.cache_read',
];
const CACHE_WRITE = [
  'inputTokenDetails.cacheWriteTokens',
  'inputTokens.cacheWrite',
  'input_token_details.cache_creation',
  'prompt_tokens_details.cache_write_tokens',
];
const CACHE_READ_BESIDE = ['cache_read_input_tokens', 'cacheReadInputTokens'];
const CACHE_WRITE_BESIDE = ['cache_creation_input_tokens', 'cacheWriteInputTokens'];
const REASONING = [
  'completion_tokens_details.reasoning_tokens',
  'output_tokens_details.reasoning_tokens',
  'outputTokenDetails.reasoningTokens',
  'outputTokens.reasoning',
  'output_token_details.reasoning',
  'reasoningTokens',
];
const REASONING_BESIDE = ['thoughtsTokenCount'];

/** A stream with more choices than this is read no further. */
const MAX_CHOICES = 128;

/** Gathers what is known of one answer. Values of any kind may be read; what throws is for the caller to catch. */
export class ResponseReader {
  #id: string | undefined;
  #model: string | undefined;
  readonly #finish = new Map<number, string>();
  // As given, because what they include is known only when all of them are.
  readonly #counts: Partial<Record<'input' | 'inputBeside' | 'output' | 'read' | 'write' | 'readBeside', number>> &
    Partial<Record<'writeBeside' | 'reasoning' | 'reasoningBeside', number>> = {};

  /** Reads a result, a chunk or an event. */
  read(value: unknown): void {
    const whole = fieldsOf(value);
    // A result of the AI SDK's streamText begins to run when its usage is asked for.
    if (whole === undefined || 'fullStream' in whole || 'textStream' in whole) return;
    this.#take(whole);
    for (const key of ['message', 'response', 'delta']) {
      const part = fieldsOf(whole[key]);
      if (part !== undefined) this.#take(part);
    }
  }

  /** Takes counts that the program read itself. */
  use(usage: LlmUsage): void {
    const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } = usage;
    const counts = { input: inputTokens, output: outputTokens, read: cacheReadTokens, write: cacheWriteTokens };
    Object.assign(this.#counts, known({ ...counts, reasoning: reasoningTokens }));
  }

  get response(): LlmResponse {
    const counts = this.#counts;
    const read = counts.read ?? counts.readBeside;
    const write = counts.write ?? counts.writeBeside;
    const beside = counts.inputBeside === undefined ? 0 : (counts.readBeside ?? 0) + (counts.writeBeside ?? 0);
    const input = counts.input ?? (counts.inputBeside === undefined ? undefined : counts.inputBeside + beside);
    const output = counts.reasoningBeside === undefined ? counts.output : (counts.output ?? 0) + counts.reasoningBeside;
    return {
      id: this.#id,
      model: this.#model,
      finishReasons: [...this.#finish].sort(([a], [b]) => a - b).map(([, reason]) => reason),
      usage: {
        inputTokens: input,
        outputTokens: output,
        cacheReadTokens: read,
        cacheWriteTokens: write,
        reasoningTokens: counts.reasoning ?? counts.reasoningBeside,
      },
    };
  }

  #take(fields: Fields): void {
    const model = [fields['model'], fields['modelId'], fields['modelVersion']].find(isText);
    if (model !== undefined) {
      this.#model = model;
      // Beside a model, because parts of streams have ids of their own.
      this.#id = [fields['id'], fields['responseId'], this.#id].find(isText);
    }
    this.#takeFinish(fields);
    const usage =
      fieldsOf(fields['totalUsage']) ??
      fieldsOf(fields['usage']) ??
      fieldsOf(fields['usageMetadata']) ??
      fieldsOf(fields['usage_metadata']) ??
      ('prompt_eval_count' in fields || 'eval_count' in fields ? fields : undefined);
    if (usage !== undefined) this.#takeUsage(usage);
  }

  #takeFinish(fields: Fields): void {
    const { choices, candidates } = fields;
    for (const list of [choices, candidates]) {
      if (!Array.isArray(list)) continue;
      list.slice(0, MAX_CHOICES).forEach((choice: unknown, position) => {
        const { index = position, finish_reason: reason, finishReason = reason } = fieldsOf(choice) ?? {};
        if (isText(finishReason) && typeof index === 'number' && index < MAX_CHOICES)
          this.#finish.set(index, finishReason);
      });
    }
    const { stop_reason, stopReason, finishReason, done_reason, status, object, incomplete_details } = fields;
    const unified = fieldsOf(finishReason)?.['unified'];
    const ended = object === 'response' && status !== 'in_progress' && status !== 'queued';
    const reason = fieldsOf(incomplete_details)?.['reason'] ?? (ended ? status : undefined);
    const found = [stop_reason, stopReason, finishReason, unified, done_reason, reason].find(isText);
    if (found !== undefined) this.#finish.set(0, found);
  }

  #takeUsage(usage: Fields): void {
    const found = known({
      input: countAt(usage, INPUT_WITH_CACHE),
      inputBeside: countAt(usage, INPUT),
      output: countAt(usage, OUTPUT),
      read: countAt(usage, CACHE_READ),
      write: countAt(usage, CACHE_WRITE),
      readBeside: countAt(usage, CACHE_READ_BESIDE),
      writeBeside: countAt(usage, CACHE_WRITE_BESIDE),
      reasoning: countAt(usage, REASONING),
      reasoningBeside: countAt(usage, REASONING_BESIDE),
    });
    Object.assign(this.#counts, found);
  }
}

/** What is written of tokens on a span. */
export function usageAttributes({ usage }: LlmResponse): Attributes {
  return known({
    [GEN_AI_ATTRIBUTE.genAiInputTokens]: usage.inputTokens,
    [GEN_AI_ATTRIBUTE.genAiOutputTokens]: usage.outputTokens,
    [GEN_AI_ATTRIBUTE.genAiCacheReadTokens]: usage.cacheReadTokens,
    [GEN_AI_ATTRIBUTE.genAiCacheWriteTokens]: usage.cacheWriteTokens,
    [GEN_AI_ATTRIBUTE.genAiReasoningTokens]: usage.reasoningTokens,
  });
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function countAt(usage: Fields, paths: readonly string[]): number | undefined {
  for (const path of paths) {
    const [outer = '', inner] = path.split('.');
    const value = inner === undefined ? usage[outer] : fieldsOf(usage[outer])?.[inner];
    if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  }
  return undefined;
}
