// Several YAML files that are one configuration: which of them says what, and what they say together.
import { isMap as isYamlMap, type parseDocument } from 'yaml';
import { lockFields } from './listener.ts';
import { ConfigInvalid, type PlaceOf, readYaml, valuesOf } from './problems.ts';

/** A file of the configuration; `file` only names it in problems. */
export interface ConfigText {
  readonly file: string;
  readonly text: string;
}

export type ConfigDocument = ReturnType<typeof parseDocument>;

/** One file that was read. */
export interface Layer {
  readonly file: string;
  readonly document: ConfigDocument;
  /** Where a path stands in this file. */
  readonly placeIn: PlaceOf;
}

/** The files of one configuration, the first one least. */
export class LayeredDocuments {
  readonly documents: readonly Layer[];
  /** Names them all, for what stands in none of them. */
  readonly file: string;

  /** @throws ConfigInvalid with every problem of the first file that is no map in YAML */
  constructor(texts: readonly ConfigText[]) {
    const isOne = texts.length === 1;
    this.file = texts.map(({ file }) => file).join(', ');
    this.documents = texts.map(({ file, text }) => {
      const { document, lineOf } = readYaml(text, file);
      if (document.contents !== null && !isYamlMap(document.contents))
        throw new ConfigInvalid(file, [{ path: '', line: 1, message: 'must be a map of rooms, as in `sample:`' }]);
      const placeIn: PlaceOf = (path) => ({ line: lineOf(path), ...(isOne ? {} : { file }) });
      return { file, document, placeIn };
    });
  }

  /** Where a path stands: in the last of the files that have the most of it. */
  readonly placeOf: PlaceOf = (path) => this.ownerOf(path).placeIn(path);

  ownerOf(path: readonly PropertyKey[]): Layer {
    return this.documents.reduce((best, each) => (depthIn(each, path) >= depthIn(best, path) ? each : best));
  }

  /** What they say together. @param prepare is given the values of each file first, to change them */
  values(prepare: (values: Record<string, unknown>) => void): Record<string, unknown> {
    return this.documents.reduce<Record<string, unknown>>((below, { document, file }) => {
      const values = valuesOf(document, file);
      prepare(values);
      return merged(below, values);
    }, {});
  }
}

/** Steps of a path that stand in a file. */
function depthIn({ document }: Layer, path: readonly PropertyKey[]): number {
  const missing = path.findIndex((_, i) => !document.hasIn(path.slice(0, i + 1)));
  return missing < 0 ? path.length : missing;
}

/** Maps are merged; everything else is as the later one says. A key without a value says nothing, but of a lock. */
function merged(below: Record<string, unknown>, above: Record<string, unknown>): Record<string, unknown> {
  const told = Object.entries(above).flatMap(([key, value]) => {
    const before = Object.hasOwn(below, key) ? below[key] : undefined;
    if (value === null && before !== undefined && !Object.hasOwn(lockFields, key)) return [];
    return [[key, isMap(before) && isMap(value) ? merged(before, value) : value] as const];
  });
  // As own keys whatever their names, so that none is lost before it is found to be unknown.
  return Object.fromEntries([...Object.entries(below), ...told]);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
