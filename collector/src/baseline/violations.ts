// Violations that are open, and those of late: what changes become for whoever is told.
import type { Change, Severity, Subject, Violation, ViolationGroup, ViolationKind } from './contract.ts';
import { explain } from './explain.ts';
import { Grouping } from './grouping.ts';
import type { Finding } from './investigator.ts';
import { rankOf } from './severity.ts';
import type { SavedGroup } from './saved.ts';

/** Groups that are over and still shown. */
const MAX_PAST = 200;
const MAX_TRACES = 5;

interface Group {
  readonly id: string;
  readonly members: Map<string, Violation>;
  changedMs: number;
}

export class Violations {
  readonly #newId: () => string;
  readonly #grouping: Grouping;
  /** The latest last. */
  readonly #groups = new Map<string, Group>();
  readonly #traces = new Map<string, Set<string>>();
  /** Groups that are not written down yet as they are, and those that need not be any more. */
  readonly #changed = new Set<string>();
  readonly #forgotten = new Set<string>();

  /** @param newId makes ids that are never the same */
  constructor(newId: () => string) {
    this.#newId = newId;
    this.#grouping = new Grouping(newId);
  }

  /**
   * Takes a change.
   *
   * @param changed what was changed near its onset, where something was
   * @returns the id of its group, and whether the violation is new
   */
  take(
    subject: Subject,
    change: Change,
    traceIds: readonly string[],
    changed?: string,
  ): { groupId: string; isNew: boolean } {
    const { kind, severity, onsetMs, timeMs, ratio } = change;
    const key = keyOf(kind, subject);
    const id = this.#grouping.groupOf(key, onsetMs);
    let group = this.#groups.get(id);
    if (group === undefined) this.#groups.set(id, (group = { id, members: new Map(), changedMs: timeMs }));
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
    this.#changed.add(id);
    if (severity === 'none') {
      this.#grouping.close(key);
      this.#traces.delete(key);
      this.#forgetPast(id);
    }
    return { groupId: id, isNew: before === undefined };
  }

  /** A group as it is now. */
  group(id: string): ViolationGroup | undefined {
    const group = this.#groups.get(id);
    return group === undefined ? undefined : shown(group);
  }

  /** Adds what was found out about a violation. @returns its group; undefined where it is over */
  found(
    subject: Subject,
    kind: ViolationKind,
    { bottleneck, traceIds }: Pick<Finding, 'bottleneck' | 'traceIds'>,
    changed?: string,
  ): ViolationGroup | undefined {
    const key = keyOf(kind, subject);
    const group = [...this.#groups.values()].find(({ members }) => (members.get(key)?.severity ?? 'none') !== 'none');
    const member = group?.members.get(key);
    if (group === undefined || member === undefined) return undefined;
    const traces = [...new Set([...traceIds, ...member.explanation.traceIds])].slice(0, MAX_TRACES);
    this.#traces.set(key, new Set(traces));
    const known = { ...member.explanation, traceIds: traces, ...foundOut(bottleneck, changed) };
    group.members.set(key, { ...member, explanation: known });
    this.#changed.add(group.id);
    return shown(group);
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
    const all = [...this.#groups.values()].map(shown).toReversed();
    return [...all.filter(({ severity }) => severity !== 'none'), ...all.filter(({ severity }) => severity === 'none')];
  }

  /** What has to be written down since it was asked for last, and ids of groups whose writing may go. */
  unsaved(): { readonly changed: readonly SavedGroup[]; readonly forgotten: readonly string[] } {
    const changed = [...this.#changed].flatMap((id) => {
      const group = this.#groups.get(id);
      return group === undefined ? [] : [{ id, changedMs: group.changedMs, members: [...group.members.values()] }];
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
    for (const { id, changedMs, members } of groups.toSorted((a, b) => a.changedMs - b.changedMs)) {
      const byKey = members.map((member) => [keyOf(member.kind, member.subject), member] as const);
      this.#groups.set(id, { id, changedMs, members: new Map(byKey) });
      for (const [key, { severity, onsetMs, explanation }] of byKey) {
        if (severity === 'none') continue;
        this.#grouping.restore(key, { group: id, onsetMs });
        this.#traces.set(key, new Set(explanation.traceIds));
      }
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

  /** Traces that were kept since it began; there are more the longer it lasts. */
  #tracesOf(key: string, traceIds: readonly string[]): Set<string> {
    const known = this.#traces.get(key) ?? new Set();
    for (const traceId of traceIds) if (known.size < MAX_TRACES) known.add(traceId);
    this.#traces.set(key, known);
    return known;
  }

  /** @param told that is still to be told of */
  #forgetPast(told: string): void {
    const past = [...this.#groups.values()].filter(isOver);
    const most = Math.max(0, past.length - MAX_PAST);
    for (const { id } of past.filter((group) => group.id !== told).slice(0, most)) {
      this.#groups.delete(id);
      this.#changed.delete(id);
      this.#forgotten.add(id);
    }
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

function isOver({ members }: Group): boolean {
  return [...members.values()].every(({ severity }) => severity === 'none');
}

function shown(group: Group): ViolationGroup {
  const members = [...group.members.values()].sort((a, b) => a.onsetMs - b.onsetMs);
  const open = members.map(({ severity }) => severity).filter((severity) => severity !== 'none');
  return {
    id: group.id,
    severity: open.length === 0 ? 'none' : open.reduce((a, b) => worst(a, b)),
    peak: members.map(({ peak }) => peak).reduce((a, b) => worst(a, b)),
    onsetMs: Math.min(...members.map(({ onsetMs }) => onsetMs)),
    changedMs: group.changedMs,
    members,
  };
}

function worst(a: Severity | undefined, b: Severity): Severity {
  return a !== undefined && rankOf(a) > rankOf(b) ? a : b;
}
