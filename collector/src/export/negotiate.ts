// Which format and which names a scraper is answered with, by its Accept header.
// @see Prometheus, content negotiation of scrapes
import type { NameStyle } from './prometheus-naming.ts';

export type ExpositionFormat = 'text' | 'openmetrics' | 'protobuf';

/** What a scrape is answered with. */
export interface Answer {
  readonly format: ExpositionFormat;
  readonly names: NameStyle;
  readonly contentType: string;
}

const ESCAPINGS: ReadonlySet<string> = new Set(['allow-utf-8', 'underscores', 'dots', 'values']);

interface Offer {
  readonly format: ExpositionFormat;
  /** Of the text format; 1.0.0 is 0.0.4 with names in quotes. */
  readonly version: string;
  readonly escaping: string | undefined;
  readonly quality: number;
}

/**
 * Chooses what is liked best of what we can write; of equals the first; the text format where nothing is named.
 *
 * @param isTranslated names are OpenTelemetry's translation whatever is asked for, as they are by default
 */
export function negotiate(accept: string | undefined, isTranslated: boolean): Answer {
  let best: Offer = { format: 'text', version: '0.0.4', escaping: undefined, quality: 0 };
  for (const part of (accept ?? '').split(',')) {
    const offer = offerOf(part);
    if (offer !== undefined && offer.quality > best.quality) best = offer;
  }
  return answer(best, isTranslated);
}

function offerOf(part: string): Offer | undefined {
  const [type = '', ...pieces] = part.split(';').map((piece) => piece.trim().toLowerCase());
  const parameters = new Map(pieces.map((piece) => splitAt(piece, piece.indexOf('='))));
  const format = formatOf(type, parameters);
  if (format === undefined) return undefined;
  const quality = Number(parameters.get('q') ?? 1);
  const version = parameters.get('version') === '1.0.0' ? '1.0.0' : '0.0.4';
  return { format, version, escaping: parameters.get('escaping'), quality };
}

function splitAt(piece: string, place: number): readonly [string, string] {
  return place < 0 ? [piece, ''] : [piece.slice(0, place).trim(), piece.slice(place + 1).trim()];
}

function formatOf(type: string, parameters: ReadonlyMap<string, string>): ExpositionFormat | undefined {
  if (type === 'application/openmetrics-text') return 'openmetrics';
  if (type === 'text/plain' || type === '*/*') return 'text';
  if (type !== 'application/vnd.google.protobuf') return undefined;
  const isOurs =
    parameters.get('proto') === 'io.prometheus.client.metricfamily' && parameters.get('encoding') === 'delimited';
  return isOurs ? 'protobuf' : undefined;
}

function answer({ format, version, escaping = '' }: Offer, isTranslated: boolean): Answer {
  const asked = ESCAPINGS.has(escaping);
  // A reader of 0.0.4 knows no quotes, whatever it says besides.
  const isOld = format === 'text' && version === '0.0.4';
  const scheme = (asked && !isOld ? escaping : 'underscores') as Exclude<NameStyle, 'translated'>;
  const names = isTranslated ? 'translated' : scheme;
  const said = asked && !isOld ? `; escaping=${isTranslated ? 'underscores' : scheme}` : '';
  return { format, names, contentType: `${typeOf(format, version)}${said}` };
}

function typeOf(format: ExpositionFormat, version: string): string {
  if (format === 'openmetrics') return 'application/openmetrics-text; version=1.0.0; charset=utf-8';
  if (format === 'text') return `text/plain; version=${version}; charset=utf-8`;
  return 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';
}
