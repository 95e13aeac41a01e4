// Prompts and answers as the GenAI conventions write messages. Only where a program asked for it.
import { bounded, contentText } from './bounded-text.ts';
import { AnswerToolCalls, type ToolCallPart, toolCallOf, toolCallsIn } from './llm-tool-calls.ts';
import { fieldsOf } from './results.ts';

/** Characters of an answer that are kept while it streams. */
const MAX_ANSWER_LENGTH = 16_384;
const MAX_MESSAGES = 64;

/** Kinds of parts that repeat what was streamed, or are not for the reader. */
const NO_ANSWER = /\.done$|reasoning|thinking|tool|function_call/;

type Part = ToolCallPart | { readonly type: string; readonly content?: string };

/** Writes what a model is asked, as JSON of bounded length. */
export function inputText([first]: readonly unknown[]): string | undefined {
  const { messages, input, prompt, contents, system } = fieldsOf(first) ?? { prompt: first };
  const asked = [messages, input, prompt, contents].find((candidate) => candidate !== undefined);
  const list: readonly unknown[] = Array.isArray(asked) ? asked : [asked];
  const all = [
    ...(typeof system === 'string' ? [{ role: 'system', parts: partsOf(system) }] : []),
    // The last ones, since the question is there.
    ...list.slice(-MAX_MESSAGES).map(messageOf),
  ];
  return contentText(all);
}

function messageOf(message: unknown): { readonly role: string; readonly parts: readonly Part[] } {
  const call = toolCallOf(message);
  if (call !== undefined) return { role: 'assistant', parts: [call] };
  const { role, content, parts = content, tool_calls } = fieldsOf(message) ?? { content: message };
  return { role: typeof role === 'string' ? role : 'user', parts: [...partsOf(parts), ...toolCallsIn(tool_calls)] };
}

function partsOf(content: unknown): readonly Part[] {
  const list: readonly unknown[] = Array.isArray(content) ? content : [content];
  return list.flatMap((part) => {
    if (typeof part === 'string') return [{ type: 'text', content: part }];
    const { type = 'text', text } = fieldsOf(part) ?? {};
    if (typeof text === 'string') return [{ type: 'text', content: text }];
    const call = toolCallOf(part);
    if (call !== undefined) return [call];
    // Pictures, files and results of tools are named, not copied.
    return typeof type === 'string' && part !== undefined && part !== null ? [{ type }] : [];
  });
}

/** Gathers the text of an answer, and the calls of tools it asks for. */
export class AnswerText {
  #text = '';
  readonly #calls = new AnswerToolCalls();

  /** Takes a whole result, or a chunk of a stream. */
  read(value: unknown): void {
    if (this.#text.length < MAX_ANSWER_LENGTH) this.#text += bounded(textOf(value), MAX_ANSWER_LENGTH);
    this.#calls.read(value);
  }

  /** The messages answered, as JSON of bounded length. */
  messages(finishReason: string | undefined): string | undefined {
    const parts = [...(this.#text === '' ? [] : [{ type: 'text', content: this.#text }]), ...this.#calls.parts];
    if (parts.length === 0) return undefined;
    return contentText([{ role: 'assistant', parts, finish_reason: finishReason ?? 'unknown' }]);
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(textOf).join('');
  const fields = fieldsOf(value);
  if (fields === undefined || 'fullStream' in fields || 'textStream' in fields) return '';
  if (typeof fields['type'] === 'string' && NO_ANSWER.test(fields['type'])) return '';
  const { choices, candidates, message, delta, text, content, output, textDelta, parts } = fields;
  // The first answer of several.
  const [first] = [choices, candidates].flatMap((list) => (Array.isArray(list) ? list.slice(0, 1) : []));
  // Beside the answer OpenAI's responses have settings of that name.
  const own = fieldsOf(text) === undefined ? text : undefined;
  const inside = [first, own, textDelta, delta, message, content, parts, output];
  const found = inside.find((candidate) => candidate !== undefined && candidate !== null);
  return found === undefined ? '' : textOf(found);
}
