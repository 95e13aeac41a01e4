// A wish to be told nothing of what matches, as it is typed and as the API takes it. Pure.
import type { SilenceAnswer, Violation } from '../api.ts';
import { moment } from './alert-words.ts';

/** What the form holds. */
export interface TypedSilence {
  /** By attribute, in the order of the subject; what is empty may be anything. */
  readonly attributes: Readonly<Record<string, string>>;
  /** What is meant: all that matches the attributes, that of one kind, or the alert with whatever joins it. */
  readonly meant: 'matching' | 'kind' | 'alert';
  readonly comment: string;
  /** As `datetime-local` gives it, in the reader's time zone. */
  readonly until: string;
}

/** What POST /api/silences takes. */
export interface SilenceBody {
  readonly alert?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly kinds?: readonly Violation['kind'][];
  readonly comment: string;
  readonly for?: string;
  readonly until?: string;
}

/** Times to choose from, as the configuration writes them. */
export const SILENCE_TIMES: readonly { readonly value: string; readonly text: string }[] = [
  { value: '1h', text: '1 h' },
  { value: '8h', text: '8 h' },
  { value: '24h', text: '24 h' },
];

/** What the form begins with: what the violation is of, and all of its kinds. */
export function typedFor({ subject }: Pick<Violation, 'subject'>): TypedSilence {
  return { attributes: subject.attributes, meant: 'matching', comment: '', until: '' };
}

/** The alert that the form stands beside, and what its likeliest cause is. */
export interface Beside {
  readonly alertId: string;
  readonly kind: Violation['kind'];
}

/**
 * Reads what was typed.
 *
 * @param time one of SILENCE_TIMES; undefined for `until`
 * @returns what to send, or what is missing
 */
export function silenceOf(
  { attributes, meant, comment, until }: TypedSilence,
  { alertId, kind }: Beside,
  time: string | undefined,
  nowMs: number,
): SilenceBody | string {
  const named = Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== ''));
  if (Object.keys(named).length === 0 && meant === 'matching') return 'Say what shall be silent.';
  const matchers = { attributes: named, kinds: meant === 'kind' ? [kind] : [] };
  const wish = { ...(meant === 'alert' ? { alert: alertId } : matchers), comment: comment.trim() };
  if (time !== undefined) return { ...wish, for: time };
  const endMs = Date.parse(until);
  if (Number.isNaN(endMs)) return 'Say until when.';
  return endMs > nowMs ? { ...wish, until: new Date(endMs).toISOString() } : 'That is over already.';
}

/** Says what became of it. @param id of the alert it was made for */
export function silencedText({ silence, covers }: SilenceAnswer, id: string): string {
  const until = silence.endMs === undefined ? '' : ` until ${moment(silence.endMs)}`;
  if (covers.includes(id)) return `Silenced${until}.`;
  return `A silence holds${until}, but not everything that goes on here is meant by it: this alert is still told. Silence the alert itself, or take it on.`;
}
