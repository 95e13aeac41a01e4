// Recorded calls as JSON Lines, read and answered line by line.
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { type Meta, type Recorded, Scan } from '../baseline/scan.ts';
import { EvenkeelError } from '../errors.ts';

/** A line longer than this is none of ours. */
const MAX_LINE = 1 << 20;

/** Reads all lines of the input and writes what is to be said of them. @throws BAD_RECORDING where a line is none */
export async function scanLines(input: Readable, output: Writable): Promise<void> {
  const decoder = new StringDecoder('utf8');
  const said: string[] = [];
  const reader = new LineReader((line) => said.push(`${JSON.stringify(line)}\n`));
  let rest = '';
  for await (const chunk of input) {
    const text = rest + decoder.write(chunk as Buffer);
    let from = 0;
    for (let to = text.indexOf('\n'); to >= 0; to = text.indexOf('\n', from)) {
      reader.line(text.slice(from, to));
      from = to + 1;
    }
    rest = text.slice(from);
    if (rest.length > MAX_LINE) throw reader.problem('is longer than 1 MiB');
    if (said.length > 0 && !output.write(said.splice(0).join(''))) await once(output, 'drain');
  }
  if (rest.trim() !== '') reader.line(rest);
  reader.end();
  if (said.length > 0) output.write(said.join(''));
}

type Line = Record<string, unknown>;

class LineReader {
  readonly #say: (said: object) => void;
  #scan: Scan | undefined;
  #lines = 0;

  constructor(say: (said: object) => void) {
    this.#say = say;
  }

  line(text: string): void {
    this.#lines++;
    if (text.trim() === '') return;
    const line = this.#parse(text);
    if (this.#scan === undefined) {
      const { meta } = line;
      this.#scan = new Scan(typeof meta === 'object' && meta !== null ? this.#meta(meta as Line) : {}, this.#say);
      if (meta !== undefined) return;
    }
    this.#scan.take(this.#recorded(line));
  }

  end(): void {
    this.#scan?.end();
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

  #meta(meta: Line): Meta {
    return {
      learnUntilMs: this.#numberOf(meta, 'learn_until_ms'),
      seasonMs: this.#numberOf(meta, 'season_ms'),
      endMs: this.#numberOf(meta, 'end_ms'),
    };
  }

  #recorded(line: Line): Recorded {
    const timeMs = this.#numberOf(line, 't_ms');
    if (timeMs === undefined) throw this.problem('has no t_ms');
    const { op, error } = line;
    if (op === undefined) return { timeMs };
    if (typeof op !== 'string') throw this.problem('has an op that is no text');
    return {
      timeMs,
      operation: op,
      durationMs: this.#numberOf(line, 'duration_ms'),
      isError: error === 1 || error === true,
    };
  }

  #numberOf(line: Line, key: string): number | undefined {
    const value = line[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.problem(`has a ${key} that is no number`);
    return value;
  }
}
