// Recorded calls as JSON Lines: what a line may be, and reading them one by one, nothing ahead. Lines of OTLP spans are read
// to the end before the first is told, because their order is any.
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { RecordedCall } from '../baseline/recorded-run.ts';
import type { Meta } from '../baseline/scan.ts';
import { EvenkeelError } from '../errors.ts';
import { RecordedSpans } from './recorded-spans.ts';

/** A line longer than this is none of ours. */
const MAX_LINE = 1 << 20;
/** A request of spans may be as long as a request may be. */
const MAX_SPANS_LINE = 64 << 20;
const SPANS_LINE = /^\s*\{\s*"resourceSpans"/;

/** The first line, where there is one, with what is the same for all calls. */
export interface RecordedMeta extends Meta {
  readonly service?: string | undefined;
  readonly version?: string | undefined;
}

/** What lines are told to. The meta line comes first, empty where there is none; then calls and ticks. */
export interface CallReader {
  meta(meta: RecordedMeta): void;
  take(call: RecordedCall): void;
  /** Called after each piece of input. */
  pieceRead?(): Promise<void> | undefined;
}

/** Opens a file, or standard input for `-`. @throws BAD_RECORDING */
export async function openedCalls(file: string): Promise<Readable> {
  if (file === '-') return process.stdin;
  const stream = createReadStream(file);
  try {
    await once(stream, 'open');
  } catch (error) {
    throw new EvenkeelError('BAD_RECORDING', file, { cause: error });
  }
  return stream;
}

/** Reads all lines of the input. @throws BAD_RECORDING where a line is none */
export async function readCalls(input: Readable, reader: CallReader): Promise<void> {
  const decoder = new StringDecoder('utf8');
  const lines = new LineReader(reader);
  let rest = '';
  try {
    for await (const chunk of input) {
      const text = rest + decoder.write(chunk as Buffer);
      let from = 0;
      for (let to = text.indexOf('\n'); to >= 0; to = text.indexOf('\n', from)) {
        lines.line(text.slice(from, to));
        from = to + 1;
      }
      rest = text.slice(from);
      if (rest.length > MAX_LINE && !SPANS_LINE.test(rest)) throw lines.problem('is longer than 1 MiB');
      if (rest.length > MAX_SPANS_LINE) throw lines.problem('is longer than 64 MiB');
      await reader.pieceRead?.();
    }
  } catch (error) {
    // A folder opens, and cannot be read.
    if ((error as NodeJS.ErrnoException).code !== 'EISDIR') throw error;
    throw new EvenkeelError('BAD_RECORDING', 'it is a folder', { cause: error });
  }
  if (rest.trim() !== '') lines.line(rest);
  lines.end();
}

type Line = Record<string, unknown>;

class LineReader {
  readonly #reader: CallReader;
  #hasBegun = false;
  #lines = 0;
  #meta: RecordedMeta = {};
  #spans: RecordedSpans | undefined;

  constructor(reader: CallReader) {
    this.#reader = reader;
  }

  line(text: string): void {
    this.#lines++;
    if (text.trim() === '') return;
    if (SPANS_LINE.test(text)) {
      this.#spans ??= new RecordedSpans();
      this.#spans.takeJson(text);
      return;
    }
    const line = this.#parse(text);
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      const { meta } = line;
      if (typeof meta === 'object' && meta !== null) this.#meta = this.#metaOf(meta as Line);
      this.#reader.meta(this.#meta);
      if (meta !== undefined) return;
    }
    this.#reader.take(this.#recorded(line));
  }

  end(): void {
    if (this.#spans === undefined) return;
    if (!this.#hasBegun) this.#reader.meta({});
    for (const call of this.#spans.inOrder()) this.#reader.take(call);
  }

  problem(what: string): EvenkeelError {
    return new EvenkeelError('BAD_RECORDING', `line ${this.#lines} ${what}`);
  }

  #parse(text: string): Line {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw this.problem('is not JSON');
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.problem('is not a JSON object');
    return value as Line;
  }

  #metaOf(meta: Line): RecordedMeta {
    return {
      learnUntilMs: this.#numberOf(meta, 'learn_until_ms'),
      seasonMs: this.#numberOf(meta, 'season_ms'),
      endMs: this.#numberOf(meta, 'end_ms'),
      service: this.#textOf(meta, 'service'),
      version: this.#textOf(meta, 'service_version'),
    };
  }

  #recorded(line: Line): RecordedCall {
    const timeMs = this.#numberOf(line, 't_ms');
    if (timeMs === undefined) throw this.problem('has no t_ms');
    const { error } = line;
    const operation = this.#textOf(line, 'op');
    if (operation === undefined) return { timeMs };
    return {
      timeMs,
      operation,
      durationMs: this.#numberOf(line, 'duration_ms'),
      isError: error === 1 || error === true,
      service: this.#textOf(line, 'service') ?? this.#meta.service,
      kind: this.#textOf(line, 'kind'),
      version: this.#textOf(line, 'service_version') ?? this.#meta.version,
    };
  }

  #textOf(line: Line, key: string): string | undefined {
    const value = line[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') throw this.problem(`has ${key === 'op' ? 'an' : 'a'} ${key} that is no text`);
    return value;
  }

  #numberOf(line: Line, key: string): number | undefined {
    const value = line[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.problem(`has a ${key} that is no number`);
    return value;
  }
}
