// What the API is answered of violations and baselines, in pieces small enough for the thread that takes spans.
import type {
  BaselineAnswer,
  BaselinesAnswer,
  BaselinesQuery,
  BaselineView,
  ExportAnswer,
  GroupSummary,
  ImportAnswer,
  ViolationGroupAnswer,
  ViolationsAnswer,
} from '../web/api.ts';
import type { ViolationGroup } from './contract.ts';
import { EvenkeelError } from '../errors.ts';
import { describeDetail, describeLine } from './describe.ts';
import { recordedOf } from './exported.ts';
import type { BaselineStage } from './stage.ts';
import { stateOf, type WatchedOperation } from './watched.ts';

const MAX_LISTED_MEMBERS = 5;
const MAX_MEMBERS = 1000;

/** Reads a running stage. */
export class StageView implements BaselineView {
  readonly #stage: BaselineStage;
  readonly #nowMs: () => number;

  constructor(stage: BaselineStage, nowMs: () => number) {
    this.#stage = stage;
    this.#nowMs = nowMs;
  }

  version(): number {
    return this.#stage.changes;
  }

  violations(limit: number): ViolationsAnswer {
    const groups = this.#stage.groups();
    return {
      open: this.#stage.openBySeverity(),
      groups: groups.slice(0, limit).map((group) => summaryOf(group, MAX_LISTED_MEMBERS)),
      groupCount: groups.length,
    };
  }

  group(id: string): ViolationGroupAnswer | undefined {
    const group = this.#stage.groups().find((each) => each.id === id);
    return group && summaryOf(group, MAX_MEMBERS);
  }

  baselines({ offset, limit, state, search }: BaselinesQuery): BaselinesAnswer {
    const counts = { learning: 0, provisional: 0, learned: 0 };
    const shown: WatchedOperation[] = [];
    const sought = search.toLowerCase();
    let found = 0;
    for (const watched of this.#stage.operations()) {
      const own = stateOf(watched);
      counts[own]++;
      if (state !== undefined && own !== state) continue;
      if (sought !== '' && !watched.subject.name.toLowerCase().includes(sought)) continue;
      if (found >= offset && shown.length < limit) shown.push(watched);
      found++;
    }
    const baselines = shown.map((watched) => describeLine(watched, this.#stage.judgedAfterMs(watched)));
    return { counts, found, offset, baselines };
  }

  async exported({ offset, limit }: { readonly offset: number; readonly limit: number }): Promise<ExportAnswer> {
    // Few ever ask, and what reads and writes documents is large.
    const { operationJson } = await import('./document.ts');
    const operations: object[] = [];
    let found = 0;
    for (const watched of this.#stage.operations()) {
      if (watched.operation.learned === undefined) continue;
      const recorded = found >= offset && operations.length < limit ? recordedOf(watched) : undefined;
      found++;
      if (recorded !== undefined) operations.push(operationJson(recorded));
    }
    return { found, offset, operations };
  }

  async import(text: string, mode: 'add' | 'replace'): Promise<ImportAnswer | { readonly problem: string }> {
    const { readBaselines } = await import('./document.ts');
    try {
      const skipped: { operation: string; reason: string }[] = [];
      let imported = 0;
      for (const recorded of readBaselines(text).operations) {
        const reason = this.#stage.takingOver.adopt(recorded, mode === 'replace');
        if (reason === undefined) imported++;
        else skipped.push({ operation: [recorded.service ?? '', recorded.name].join(' ').trim(), reason });
      }
      return { imported, skipped };
    } catch (error) {
      if (error instanceof EvenkeelError) return { problem: error.detail };
      throw error;
    }
  }

  baseline(key: string): BaselineAnswer | undefined {
    const watched = this.#stage.watchedBy(key);
    if (watched === undefined) return undefined;
    const judgedAfterMs = this.#stage.judgedAfterMs(watched);
    const changes = this.#stage.releases.known
      .changesOf(watched.subject.attributes['service.name'] ?? '')
      .map(({ timeMs, text }) => ({ timeMs, text }))
      .toReversed();
    const minChange = this.#stage.leastChange(watched);
    const detail = describeDetail(watched, { judgedAfterMs, nowMs: this.#nowMs(), minChange, changes });
    return { ...describeLine(watched, judgedAfterMs), ...(detail === undefined ? {} : { detail }) };
  }
}

/** What is listed of a group: what is open first. */
export function summaryOf(group: ViolationGroup, most: number): GroupSummary {
  const { members } = group;
  const isOver = (member: (typeof members)[number]): number => (member.severity === 'none' ? 1 : 0);
  // The likely cause stays first among those that are open.
  const ordered = [...members].sort((a, b) => isOver(a) - isOver(b));
  const { because, ...rest } = group;
  // Why another one was the cause says nothing of what is first now.
  const why = because === undefined || ordered[0] !== members[0] ? {} : { because };
  return { ...rest, ...why, members: ordered.slice(0, most), memberCount: members.length };
}
