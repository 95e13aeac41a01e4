// Reads server-sent events, bounded: an event that is too long ends the stream.

/** One event. */
export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

const DATA = 'data:';

/**
 * Takes a stream piece by piece. Lines end with a line feed, and the name of an event comes before its data, as the sidecar
 * writes them.
 *
 * @see HTML Standard, section 9.2.6, Interpreting an event stream
 */
export class EventReader {
  readonly #maxChars: number;
  readonly #wanted: ReadonlySet<string>;
  #rest = '';
  #name = '';
  #data = '';

  /** @param wanted names of events; what others say is not kept */
  constructor(wanted: ReadonlySet<string>, maxChars: number) {
    this.#wanted = wanted;
    this.#maxChars = maxChars;
  }

  /** @returns the events that are whole now; undefined where one is too long */
  take(piece: string): ServerEvent[] | undefined {
    const events: ServerEvent[] = [];
    const lines = piece.split('\n');
    const last = lines.pop() ?? '';
    for (const line of lines) {
      const whole = this.#rest + line;
      this.#rest = '';
      this.#takeLine(whole.endsWith('\r') ? whole.slice(0, -1) : whole, events);
    }
    const isSkipped = this.#rest.startsWith(DATA) && !this.#wanted.has(this.#name);
    this.#rest = isSkipped ? DATA : this.#rest + last;
    return this.#rest.length + this.#data.length > this.#maxChars ? undefined : events;
  }

  #takeLine(line: string, events: ServerEvent[]): void {
    if (line === '') {
      if (this.#data !== '') events.push({ name: this.#name, data: this.#data });
      this.#name = '';
      this.#data = '';
    } else if (line.startsWith('event:')) this.#name = valueOf(line);
    else if (line.startsWith(DATA) && this.#wanted.has(this.#name))
      this.#data += this.#data === '' ? valueOf(line) : `\n${valueOf(line)}`;
  }
}

function valueOf(line: string): string {
  const value = line.slice(line.indexOf(':') + 1);
  return value.startsWith(' ') ? value.slice(1) : value;
}
