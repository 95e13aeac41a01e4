// Groups of violations of one day, as they were told last: enough to count them, to list them, and to say what would have
// spared them.
import type { Severity, Violation, ViolationGroup, ViolationKind } from '../baseline/contract.ts';
import type { ViolationCount } from './contract.ts';

/** Of one day; then the one that ended first is only counted any more. */
const MAX_GROUPS = 500;
/** Of one group, the likely causes first; the others are only a number. */
const MAX_MEMBERS = 100;
/** Sentences are made from names that senders choose. */
const MAX_TEXT = 300;

/** A violation of a group. */
export interface MemberDay {
  readonly kind: ViolationKind;
  readonly peak: Severity;
  readonly onsetMs: number;
  readonly raisedMs: number;
  /** Absent while it is open. */
  readonly endMs?: number;
  /** What would spare the time it takes. */
  readonly finding?: FindingDay;
}

export interface FindingDay {
  /** Whose calls became slower. */
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  /** What it would be done to. */
  readonly operation: string;
  readonly recommendation: string;
  /** Of the added time, and how many times longer calls took. */
  readonly share: number;
  readonly ratio: number;
}

/** A group as it was told last. */
export interface IncidentDay {
  readonly id: string;
  readonly peak: Severity;
  readonly onsetMs: number;
  readonly endMs?: number;
  readonly cause: string;
  readonly summary: string;
  readonly memberCount: number;
  readonly members: readonly MemberDay[];
  /** What was answered to "was this useful?". */
  readonly wasUseful?: boolean;
}

interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

export class DayIncidents {
  /** In the order in which they came. */
  readonly #groups = new Map<string, IncidentDay>();
  readonly #onlyCounted: ViolationCount[] = [];
  readonly #day: Stretch;

  constructor(day: Stretch) {
    this.#day = day;
  }

  take(group: ViolationGroup): void {
    this.#groups.set(group.id, incidentOf(group));
    if (this.#groups.size <= MAX_GROUPS) return;
    const [first] = this.#groups.values();
    const gone = [...this.#groups.values()].find(({ endMs }) => endMs !== undefined) ?? first;
    if (gone === undefined) return;
    this.#groups.delete(gone.id);
    this.#onlyCounted.push(...countsOf([gone], this.#day));
  }

  /** Ends groups that nobody knows to be open any more. */
  endOthers(open: ReadonlySet<string>, nowMs: number): void {
    for (const group of this.#groups.values())
      if (group.endMs === undefined && !open.has(group.id)) this.#groups.set(group.id, ended(group, nowMs));
  }

  restore(groups: readonly IncidentDay[], onlyCounted: readonly ViolationCount[]): void {
    // What was told since is newer.
    for (const group of groups) if (!this.#groups.has(group.id)) this.#groups.set(group.id, group);
    this.#onlyCounted.push(...onlyCounted);
  }

  /** @param usefulness of a group, as far as somebody answered */
  saved(usefulness: (groupId: string) => boolean | undefined = () => undefined): IncidentDay[] {
    return [...this.#groups.values()].map((group) => {
      const wasUseful = usefulness(group.id) ?? group.wasUseful;
      return wasUseful === undefined ? group : { ...group, wasUseful };
    });
  }

  get onlyCounted(): readonly ViolationCount[] {
    return joinCounts(this.#onlyCounted);
  }

  /** What the next day begins with. */
  open(): IncidentDay[] {
    return this.saved().filter(({ endMs }) => endMs === undefined);
  }
}

/**
 * Violations that were raised in a time, by kind and the worst they were, and how long they were open within it.
 *
 * @param untilMs those that are open are counted as open until then
 */
export function countsOf(groups: readonly IncidentDay[], { fromMs, toMs }: Stretch, untilMs = toMs): ViolationCount[] {
  const counts = groups.flatMap(({ members }) =>
    members.map(({ kind, peak, raisedMs, ...member }) => {
      const count = raisedMs >= fromMs && raisedMs < toMs ? 1 : 0;
      return { kind, severity: peak, count, openMs: openWithin(member, { fromMs, toMs: untilMs }) };
    }),
  );
  return joinCounts(counts);
}

/** How much of a time a violation was open. */
export function openWithin(
  { onsetMs, endMs }: Pick<MemberDay, 'onsetMs' | 'endMs'>,
  { fromMs, toMs }: Stretch,
): number {
  // Onsets are estimates: one may lie behind the end.
  const openMs = Math.min(endMs ?? toMs, toMs) - Math.max(onsetMs, fromMs);
  return Number.isFinite(openMs) ? Math.max(0, openMs) : 0;
}

/** One count for each kind and severity. */
export function joinCounts(counts: readonly ViolationCount[]): ViolationCount[] {
  const groups = Map.groupBy(counts, ({ kind, severity }) => `${kind} ${severity}`);
  return [...groups.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const sum = (of: (each: ViolationCount) => number): number => same.reduce((total, each) => total + of(each), 0);
    return [{ ...first, count: sum(({ count }) => count), openMs: sum(({ openMs }) => openMs) }];
  });
}

function incidentOf({ id, severity, peak, onsetMs, changedMs, members }: ViolationGroup): IncidentDay {
  const [cause] = members;
  return {
    id,
    peak,
    onsetMs,
    ...(severity === 'none' ? { endMs: changedMs } : {}),
    cause: shortened(cause?.subject.name ?? ''),
    summary: shortened(cause?.explanation.summary ?? ''),
    memberCount: members.length,
    members: members.slice(0, MAX_MEMBERS).map(memberOf),
  };
}

function memberOf({ kind, peak, onsetMs, raisedMs, severity, changedMs, ...violation }: Violation): MemberDay {
  const finding = kind === 'latency' ? findingOf(violation) : undefined;
  return {
    kind,
    peak,
    onsetMs,
    raisedMs,
    ...(severity === 'none' ? { endMs: changedMs } : {}),
    ...(finding === undefined ? {} : { finding }),
  };
}

function findingOf({ subject, ratio, explanation }: Pick<Violation, 'subject' | 'ratio' | 'explanation'>) {
  const { bottleneck } = explanation;
  if (bottleneck === undefined || !(ratio.value > 1)) return undefined;
  const { 'service.name': service = '', 'span.name': name = '', 'span.kind': kind = '' } = subject.attributes;
  return {
    service,
    name,
    kind,
    operation: shortened(bottleneck.operation),
    recommendation: shortened(bottleneck.recommendation),
    share: bottleneck.share,
    ratio: ratio.value,
  } satisfies FindingDay;
}

function ended(group: IncidentDay, nowMs: number): IncidentDay {
  const members = group.members.map((member) => (member.endMs === undefined ? { ...member, endMs: nowMs } : member));
  return { ...group, endMs: nowMs, members };
}

function shortened(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
