// Violations that are open, and those of late: what changes become for whoever is told.
import { type Calls, NO_CALLS } from './call-graph.ts';
import { CauseGroups, type Placeable } from './cause-groups.ts';
import type { Change, Severity, Subject, Violation, ViolationGroup, ViolationKind } from './contract.ts';
import { explain } from './explain.ts';
import type { Finding } from './investigator.ts';
import type { SavedGroup } from './saved.ts';
import { rankOf } from './severity.ts';
import { type Group, newGroup, operationOf, peakOf, putInOrder, shown, worst } from './violation-group.ts';

/** Groups that are over and still shown. */
const MAX_PAST = 200;
const MAX_TRACES = 5;

export class Violations {
  readonly #newId: () => string;
  readonly #calls: () => Calls;
  readonly #causes: CauseGroups;
  /** The latest last. */
  readonly #groups = new Map<string, Group>();
  #count = 0;
  readonly #traces = new Map<string, Set<string>>();
  /** The group each violation was in last, as long as that is known; and the groups that are over, in order of their end. */
  readonly #lastGroup = new Map<string, string>();
  readonly #past = new Set<string>();
  /** Groups that are not written down yet as they are, and those that need not be any more. */
  readonly #changed = new Set<string>();
  readonly #forgotten = new Set<string>();
  /** Groups that go on as part of another, as they are to be told of for the last time. */
  #joined: ViolationGroup[] = [];

  /** @param newId makes ids that are never the same; @param calls what is known now of who calls whom */
  constructor(newId: () => string, calls: () => Calls = () => NO_CALLS) {
    this.#newId = newId;
    this.#calls = calls;
    this.#causes = new CauseGroups(calls);
  }

  /**
   * Takes a change.
   *
   * @param changed what was changed near its onset, where something was
   * @returns the id of its group, and whether the violation begins, be it again
   */
  take(
    subject: Subject,
    change: Change,
    traceIds: readonly string[],
    changed?: string,
  ): { groupId: string; isNew: boolean } {
    const { kind, severity, onsetMs, timeMs, ratio } = change;
    const key = keyOf(kind, subject);
    const id = this.#causes.groupOf(key) ?? this.#chooseGroup(placeable(key, subject, onsetMs));
    let group = this.#groups.get(id);
    if (group === undefined) this.#groups.set(id, (group = newGroup(id, ++this.#count, timeMs)));
    const before = group.members.get(key);
    const traces = this.#tracesOf(key, traceIds);
    const peak = severity === 'none' ? (before?.peak ?? 'info') : worst(before?.peak, severity);
    group.members.set(key, {
      id: before?.id ?? this.#newId(),
      subject,
      kind,
      severity,
      peak,
      onsetMs,
      raisedMs: before?.raisedMs ?? timeMs,
      changedMs: timeMs,
      ratio,
      explanation: {
        // What was found out stays while the figures change.
        ...foundOut(before?.explanation.bottleneck, before?.explanation.change ?? changed),
        ...explain({ ...change, name: subject.name, traceIds: [...traces] }),
      },
    });
    group.changedMs = timeMs;
    if (before === undefined) group.isOrdered = false;
    this.#changed.add(id);
    this.#lastGroup.set(key, id);
    this.#past.delete(id);
    if (severity === 'none') {
      this.#causes.close(key);
      this.#traces.delete(key);
      if (!this.#causes.isOpen(id)) this.#end(id);
    }
    return { groupId: id, isNew: severity !== 'none' && (before?.severity ?? 'none') === 'none' };
  }

  /** A group as it is now. */
  group(id: string): ViolationGroup | undefined {
    const group = this.#groups.get(id);
    return group === undefined ? undefined : this.#shown(group);
  }

  /** Groups that have turned out to be part of another since it was asked for last: they end, and the others go on. */
  joined(): readonly ViolationGroup[] {
    const joined = this.#joined;
    this.#joined = [];
    return joined;
  }

  /** Looks at a violation again when more is known of who calls whom: others may be of one cause with it. */
  relate(subject: Subject, kind: ViolationKind): void {
    const key = keyOf(kind, subject);
    for (let other = this.#causes.otherGroupOf(key); other !== undefined; other = this.#causes.otherGroupOf(key))
      this.#join(this.#causes.groupOf(key) ?? other, other);
    const group = this.#groups.get(this.#causes.groupOf(key) ?? '');
    if (group !== undefined) group.isOrdered = false;
  }

  /** Adds what was found out about a violation. @returns its group; undefined where it is over */
  found(
    subject: Subject,
    kind: ViolationKind,
    { bottleneck, traceIds }: Pick<Finding, 'bottleneck' | 'traceIds'>,
    changed?: string,
  ): ViolationGroup | undefined {
    const key = keyOf(kind, subject);
    const group = this.#groups.get(this.#causes.groupOf(key) ?? '');
    const member = group?.members.get(key);
    if (group === undefined || member === undefined) return undefined;
    const traces = [...new Set([...traceIds, ...member.explanation.traceIds])].slice(0, MAX_TRACES);
    this.#traces.set(key, new Set(traces));
    const known = { ...member.explanation, traceIds: traces, ...foundOut(bottleneck, changed) };
    group.members.set(key, { ...member, explanation: known });
    this.#changed.add(group.id);
    return this.#shown(group);
  }

  /** Looks again for what was changed near the onset of those that are open. @returns ids of groups it was found for */
  lookForChanges(changeOf: (violation: Violation) => string | undefined): string[] {
    return [...this.#groups.values()].flatMap(({ id, members }) => {
      const found = [...members].flatMap(([key, member]) => {
        if (member.severity === 'none' || member.explanation.change !== undefined) return [];
        const change = changeOf(member);
        return change === undefined
          ? []
          : [[key, { ...member, explanation: { ...member.explanation, change } }] as const];
      });
      for (const [key, member] of found) members.set(key, member);
      if (found.length === 0) return [];
      this.#changed.add(id);
      return [id];
    });
  }

  /** All groups, those that are open first, then the latest first. */
  groups(): ViolationGroup[] {
    const all = [...this.#groups.values()].map((group) => this.#shown(group)).toReversed();
    return [...all.filter(({ severity }) => severity !== 'none'), ...all.filter(({ severity }) => severity === 'none')];
  }

  /** What has to be written down since it was asked for last, and ids of groups whose writing may go. */
  unsaved(): { readonly changed: readonly SavedGroup[]; readonly forgotten: readonly string[] } {
    const changed = [...this.#changed].flatMap((id) => {
      const group = this.#groups.get(id);
      if (group === undefined) return [];
      const { members, changedMs, because } = this.#shown(group);
      return [{ id, changedMs, members, ...(because === undefined ? {} : { because }) }];
    });
    const forgotten = [...this.#forgotten];
    this.#changed.clear();
    this.#forgotten.clear();
    return { changed, forgotten };
  }

  /** All has to be written down again. */
  unsave(): void {
    for (const id of this.#groups.keys()) this.#changed.add(id);
  }

  /** Takes over groups of before a restart, in any order. */
  restore(groups: readonly SavedGroup[]): void {
    for (const { id, changedMs, members, because = '' } of groups.toSorted((a, b) => a.changedMs - b.changedMs)) {
      const byKey = members.map((member) => [keyOf(member.kind, member.subject), member] as const);
      this.#groups.set(id, { ...newGroup(id, ++this.#count, changedMs), members: new Map(byKey), because });
      // The earliest first: when a group began is not said by those that came late.
      for (const [key, { severity, subject, onsetMs, explanation }] of byKey.toSorted(byOnset)) {
        if (severity === 'none') continue;
        this.#causes.add(placeable(key, subject, onsetMs), id);
        this.#traces.set(key, new Set(explanation.traceIds));
      }
      for (const [key] of byKey) this.#lastGroup.set(key, id);
      if (!this.#causes.isOpen(id)) this.#end(id);
    }
  }

  isOpen(kind: ViolationKind, subject: Subject): boolean {
    const key = keyOf(kind, subject);
    for (const { members } of this.#groups.values()) if ((members.get(key)?.severity ?? 'none') !== 'none') return true;
    return false;
  }

  /** Those of a kind that are open. */
  open(kind: ViolationKind): Violation[] {
    return [...this.#groups.values()]
      .flatMap(({ members }) => [...members.values()])
      .filter((each) => each.kind === kind && each.severity !== 'none');
  }

  openBySeverity(): Record<Severity, number> {
    const open = { info: 0, warning: 0, critical: 0, emergency: 0 };
    for (const { members } of this.#groups.values())
      for (const { severity } of members.values()) if (severity !== 'none') open[severity]++;
    return open;
  }

  /** Chooses the group of what has just begun, and joins those that turn out to be one by it. */
  #chooseGroup(begun: Placeable): string {
    // What comes back to a group that goes on is nothing new.
    const back = [...this.#groups.values()].find(
      ({ id, members }) => members.has(begun.key) && this.#causes.isOpen(id),
    );
    const [first, ...others] = back === undefined ? this.#causes.groupsFor(begun) : [back.id];
    let id = first ?? this.#newId();
    for (const other of others) if (this.#causes.canJoin(id, other)) id = this.#join(id, other);
    this.#causes.add(begun, id);
    return id;
  }

  /** Makes one group of two: the one that was worse goes on, or else the older. @returns its id */
  #join(one: string, other: string): string {
    const groups = [this.#groups.get(one), this.#groups.get(other)].filter((group) => group !== undefined);
    const [into, from] = groups.sort((a, b) => rankOf(peakOf(b)) - rankOf(peakOf(a)) || a.number - b.number);
    if (into === undefined || from === undefined) return one;
    const { members, ...last } = this.#shown(from);
    const over = members.map((member) => ({ ...member, severity: 'none' as const }));
    this.#joined.push({ ...last, severity: 'none', members: over, joined: into.id });
    for (const [key, member] of from.members) {
      if (member.severity !== 'none' || !into.members.has(key)) into.members.set(key, member);
      this.#lastGroup.set(key, into.id);
    }
    into.changedMs = Math.max(into.changedMs, from.changedMs);
    into.isOrdered = false;
    this.#causes.join(into.id, from.id);
    this.#groups.delete(from.id);
    this.#changed.delete(from.id);
    this.#changed.add(into.id);
    this.#forgotten.add(from.id);
    return into.id;
  }

  #shown(group: Group): ViolationGroup {
    if (!group.isOrdered) putInOrder(group, this.#calls());
    return shown(group);
  }

  /** Traces that were kept since it began; there are more the longer it lasts. */
  #tracesOf(key: string, traceIds: readonly string[]): Set<string> {
    const known = this.#traces.get(key) ?? new Set();
    for (const traceId of traceIds) if (known.size < MAX_TRACES) known.add(traceId);
    this.#traces.set(key, known);
    return known;
  }

  /** A group is over: of those that are, the one that has been for longest is forgotten. */
  #end(id: string): void {
    this.#past.add(id);
    const [oldest] = this.#past;
    if (oldest === undefined || this.#past.size <= MAX_PAST) return;
    for (const key of this.#groups.get(oldest)?.members.keys() ?? [])
      if (this.#lastGroup.get(key) === oldest) this.#lastGroup.delete(key);
    this.#past.delete(oldest);
    this.#groups.delete(oldest);
    this.#changed.delete(oldest);
    this.#forgotten.add(oldest);
  }
}

function foundOut(
  bottleneck: Violation['explanation']['bottleneck'],
  change: string | undefined,
): Pick<Violation['explanation'], 'bottleneck' | 'change'> {
  return { ...(bottleneck === undefined ? {} : { bottleneck }), ...(change === undefined ? {} : { change }) };
}

function keyOf(kind: ViolationKind, { key }: Subject): string {
  return `${kind} ${key}`;
}

function placeable(key: string, subject: Subject, onsetMs: number): Placeable {
  return { key, operation: operationOf(subject), service: subject.attributes['service.name'] ?? '', onsetMs };
}

function byOnset([, a]: readonly [string, Violation], [, b]: readonly [string, Violation]): number {
  return a.onsetMs - b.onsetMs;
}
