// Calls of tools that a model asks for, in the shapes that clients have, as parts of messages of the GenAI conventions.
import { type Fields, fieldsOf } from './results.ts';

/** A call as the conventions write it; its arguments are as the client has them, text or an object. */
export interface ToolCallPart {
  readonly type: 'tool_call';
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly arguments?: unknown;
}

/** Calls of one answer that are kept. */
const MAX_CALLS = 32;
/** Characters of arguments that are kept while they stream. */
const MAX_ARGUMENTS_LENGTH = 4096;

/** Types of parts that are calls: of OpenAI's responses, of Anthropic, and of the AI SDK. */
const CALL_TYPES: ReadonlySet<unknown> = new Set(['function_call', 'tool_use', 'tool-call']);

/** Reads a part of a message, an item or an entry of `tool_calls`. @returns undefined where it is no call */
export function toolCallOf(value: unknown): ToolCallPart | undefined {
  const whole = fieldsOf(value);
  // Chat completions have the function inside, and so has Gemini.
  const inner = fieldsOf(whole?.['function']) ?? fieldsOf(whole?.['functionCall']);
  if (whole === undefined || (inner === undefined && !CALL_TYPES.has(whole['type']))) return undefined;
  const { name, toolName, arguments: text, args, input } = inner ?? whole;
  return {
    type: 'tool_call',
    id: [whole['call_id'], whole['toolCallId'], whole['id'], inner?.['id']].find(isText),
    name: [name, toolName].find(isText),
    arguments: text ?? args ?? input,
  };
}

/** The calls in a list; none in anything else. */
export function toolCallsIn(list: unknown): ToolCallPart[] {
  return Array.isArray(list) ? list.slice(0, MAX_CALLS).flatMap((part) => toolCallOf(part) ?? []) : [];
}

/** Gathers the calls of an answer, whole or piece by piece. */
export class AnswerToolCalls {
  /** By their place where they come in pieces, else in the order they came. */
  readonly #calls = new Map<unknown, ToolCallPart>();

  get parts(): readonly ToolCallPart[] {
    return [...this.#calls.values()];
  }

  /** Takes a whole result, or a chunk of a stream. */
  read(value: unknown): void {
    const fields = fieldsOf(value);
    // A result of the AI SDK's streamText begins to run when its calls are asked for.
    if (fields === undefined || 'fullStream' in fields || 'textStream' in fields) return;
    const { type, index, delta, content, output, toolCalls, choices, candidates } = fields;
    if (type === 'content_block_start') return this.#add(toolCallOf(fields['content_block']), index);
    if (type === 'content_block_delta') return this.#append(index, fieldsOf(delta)?.['partial_json']);
    if (type === 'response.output_item.done') return this.#add(toolCallOf(fields['item']));
    this.#add(toolCallOf(fields));
    for (const call of [content, output, toolCalls].flatMap(toolCallsIn)) this.#add(call);
    const [choice] = [choices, candidates].flatMap((list) => (Array.isArray(list) ? list.slice(0, 1) : []));
    if (choice !== undefined) this.#readChoice(fieldsOf(choice) ?? {});
  }

  #readChoice({ message, delta, content }: Fields): void {
    const whole = [fieldsOf(message)?.['tool_calls'], fieldsOf(content)?.['parts']];
    for (const call of whole.flatMap(toolCallsIn)) this.#add(call);
    const pieces = fieldsOf(delta)?.['tool_calls'];
    if (!Array.isArray(pieces)) return;
    for (const piece of pieces.slice(0, MAX_CALLS) as unknown[]) {
      const place = fieldsOf(piece)?.['index'];
      if (this.#calls.has(place)) this.#append(place, toolCallOf(piece)?.arguments);
      else this.#add(toolCallOf(piece), place);
    }
  }

  #add(call: ToolCallPart | undefined, place: unknown = Symbol('whole')): void {
    if (call !== undefined && this.#calls.size < MAX_CALLS) this.#calls.set(place, call);
  }

  #append(place: unknown, text: unknown): void {
    const call = this.#calls.get(place);
    if (call === undefined || typeof text !== 'string') return;
    // What begins empty is an object in Anthropic's events.
    const before = typeof call.arguments === 'string' ? call.arguments : '';
    if (before.length < MAX_ARGUMENTS_LENGTH) this.#calls.set(place, { ...call, arguments: before + text });
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
