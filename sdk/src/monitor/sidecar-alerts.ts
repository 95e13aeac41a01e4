// What the sidecar's answers say of alerts, turned into what changed since the last. Pure; answers are read as strangers'.
import type { AlertData, AlertSeverity, AlertType } from './alert.ts';

/** Alerts that are followed; the sidecar sends forty. */
const MAX_ALERTS = 500;
/** Groups of violations of which the kind is known. */
const MAX_KINDS = 500;
const MAX_TEXT_CHARS = 2000;
const MAX_ATTRIBUTES = 32;

const TYPES: ReadonlySet<string> = new Set([
  'latency',
  'error',
  'throughput',
  'hang',
  'resource',
  'target',
  'data_loss',
]);
const SEVERITIES: readonly AlertSeverity[] = ['info', 'warning', 'critical', 'emergency'];

/** Follows the alerts of one sidecar over all its connections. */
export class SidecarAlerts {
  /** By id, the severity that was told last of those that go on. */
  readonly #told = new Map<string, AlertData>();
  #kinds: ReadonlyMap<string, AlertType> = new Map();

  /** Takes the event `violations`, which knows what kind of violation a group is. */
  takeViolations(answer: unknown): void {
    const kinds = new Map<string, AlertType>();
    for (const group of listOf(answer, 'groups').slice(0, MAX_KINDS)) {
      const [first] = listOf(group, 'members');
      const kind = fieldOf(first, 'kind');
      const id = fieldOf(group, 'id');
      if (typeof id === 'string' && typeof kind === 'string' && TYPES.has(kind)) kinds.set(id, kind as AlertType);
    }
    this.#kinds = kinds;
  }

  /** Takes the event `alerts`. @returns what is new of them, in their order */
  takeAlerts(answer: unknown): [AlertType, AlertData][] {
    const changes: [AlertType, AlertData][] = [];
    const seen = new Set<string>();
    for (const each of listOf(answer, 'alerts').slice(0, MAX_ALERTS)) {
      const data = alertOf(each);
      if (data === undefined) continue;
      seen.add(data.id);
      const before = this.#told.get(data.id);
      if (data.state === 'firing') {
        if (before?.severity === data.severity || (before === undefined && isHeld(each))) continue;
        this.#told.set(data.id, data);
        // What was over before anybody listened is no news.
      } else if (!this.#told.delete(data.id)) continue;
      changes.push([this.#typeOf(data.id), data]);
    }
    // The list is cut where it is long: what has left it is over for those who listen.
    for (const [id, before] of this.#told) {
      if (seen.has(id)) continue;
      this.#told.delete(id);
      changes.push([this.#typeOf(id), { ...before, state: 'resolved' }]);
    }
    return changes;
  }

  #typeOf(id: string): AlertType {
    return this.#kinds.get(id) ?? 'alert';
  }
}

/** Silenced, or too mild for the sidecar's own page: it is not begun with, but an alert that was told is told to its end. */
function isHeld(value: unknown): boolean {
  return fieldOf(value, 'heldBy') !== undefined || fieldOf(value, 'isShown') === false;
}

/** @returns undefined for what is pending, or no alert */
function alertOf(value: unknown): AlertData | undefined {
  const [id, state, summary] = [fieldOf(value, 'id'), fieldOf(value, 'state'), fieldOf(value, 'summary')];
  if (typeof id !== 'string' || (state !== 'firing' && state !== 'resolved')) return undefined;
  const subject = fieldOf(value, 'subject');
  const [name, attributes, sinceMs] = [
    fieldOf(subject, 'name'),
    fieldOf(subject, 'attributes'),
    fieldOf(value, 'sinceMs'),
  ];
  return {
    id,
    source: 'sidecar',
    state,
    severity: severityOf(value, state),
    subject: textOf(name),
    attributes: textsOf(attributes),
    summary: textOf(summary),
    sinceMs: typeof sinceMs === 'number' ? sinceMs : 0,
  };
}

function severityOf(value: unknown, state: AlertData['state']): AlertSeverity {
  const [now, peak] = [fieldOf(value, 'severity'), fieldOf(value, 'peak')];
  const said = state === 'firing' && now !== 'none' ? now : peak;
  return SEVERITIES.find((severity) => severity === said) ?? 'warning';
}

function textsOf(attributes: unknown): Record<string, string> {
  if (typeof attributes !== 'object' || attributes === null) return {};
  const entries = Object.entries(attributes).slice(0, MAX_ATTRIBUTES);
  return Object.fromEntries(entries.flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT_CHARS) : '';
}

function listOf(value: unknown, key: string): readonly unknown[] {
  const list = fieldOf(value, key);
  return Array.isArray(list) ? list : [];
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
