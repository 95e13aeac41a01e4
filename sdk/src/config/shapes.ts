// What a node of a configuration file may be, and the words by which the tables of nodes are written. Pure.

/** What a node may be. Null means "not set" and is allowed wherever the node is not required. */
export type Shape = Kind & {
  /** Stands in several places, and is listed once, under this name. */
  readonly title?: string;
  /** What the standard says otherwise, or does not say. */
  readonly note?: string;
};

type Kind =
  | {
      readonly kind: 'string';
      readonly oneOf?: readonly string[];
      readonly check?: (text: string) => string | undefined;
    }
  | { readonly kind: 'scalar' | 'empty' | 'any' }
  /** `why` only one of both can be honoured is the end of a sentence. */
  | { readonly kind: 'boolean'; readonly only?: { readonly value: boolean; readonly why: string } }
  /** A whole number unless it is real. */
  | { readonly kind: 'number'; readonly min: number; readonly max?: number; readonly isReal?: boolean }
  | { readonly kind: 'list'; readonly of: Shape; readonly min?: number }
  | {
      readonly kind: 'node';
      readonly fields: Fields;
      readonly required: readonly string[];
      /** What is wrong with the node as a whole, as the end of a sentence. */
      readonly check?: Check;
      /** Keys that are not ours to read, as other vendors' parts of a file. */
      readonly others?: Shape;
    }
  /** Exactly one of the fields. */
  | { readonly kind: 'choice'; readonly fields: Fields }
  /** Keys of the user's choice. */
  | { readonly kind: 'map'; readonly of: (key: string) => Shape }
  /** Of the standard, and not honoured: `why` is the end of a sentence. */
  | { readonly kind: 'refused'; readonly why: string };

type Check = (value: Readonly<Record<string, unknown>>) => string | undefined;
export type Fields = Readonly<Record<string, Shape>>;

// The words of the tables. What each is follows from the shape it makes.
export const text: Shape = { kind: 'string' };
export const flag: Shape = { kind: 'boolean' };
export const empty: Shape = { kind: 'empty' };
export const any: Shape = { kind: 'any' };
export const scalar: Shape = { kind: 'scalar' };
export const positive: Shape = { kind: 'number', min: 1 };
export const count: Shape = { kind: 'number', min: 0 };
export const ratio: Shape = { kind: 'number', min: 0, max: 1, isReal: true };
/** Milliseconds; a timer that is to wait longer fires at once. */
export const time: Shape = { kind: 'number', min: 1, max: 2 ** 31 - 1 };
/** Milliseconds, where 0 sets no limit. */
export const limit: Shape = { kind: 'number', min: 0, max: 2 ** 31 - 1 };

export const only = (value: boolean, why: string): Shape => ({ kind: 'boolean', only: { value, why } });
export const word = (...oneOf: string[]): Shape => ({ kind: 'string', oneOf });
export const list = (of: Shape, min = 0): Shape => ({ kind: 'list', of, min });
export const node = (fields: Fields, ...required: string[]): Shape => ({ kind: 'node', fields, required });
export const choice = (fields: Fields): Shape => ({ kind: 'choice', fields });
export const refused = (why: string): Shape => ({ kind: 'refused', why });
export const checkedText = (check: (value: string) => string | undefined): Shape => ({ kind: 'string', check });
export const checked = (shape: Shape, check: Check): Shape => (shape.kind === 'node' ? { ...shape, check } : shape);
export const titled = (title: string, shape: Shape): Shape => ({ ...shape, title });
export const noted = (note: string, shape: Shape): Shape => ({ ...shape, note });

/** Names to be chosen from, as in a view: `*` stands for any text, `?` for one character. */
export const patterns: Shape = titled('IncludeExclude', node({ included: list(text, 1), excluded: list(text, 1) }));
