// What is said of violations: to whoever is next, once it is written down, so that after a restart it is not said again.
import type { Consumer, Host } from '../pipeline/contract.ts';
import type { Change, Subject, Violation, ViolationGroup, ViolationKind, ViolationSink } from './contract.ts';
import type { baselineInstruments } from './instruments.ts';
import { Investigator, type TraceSource } from './investigator.ts';
import { Keeping } from './keeping.ts';
import { KeptCalls } from './kept-calls.ts';
import type { Operation } from './operation.ts';
import { Violations } from './violations.ts';
import type { Watched } from './watched.ts';

/** Kinds of violations that operations have, and those of them that traces tell more of. */
const OPERATION_KINDS: readonly ViolationKind[] = ['latency', 'error', 'throughput', 'hang'];

/** Changes within one second, each shown by traces. */
const MAX_SHOWN = 20;

/** Finds kept traces that show an operation. */
export type TracesOf = (attributes: Subject['attributes']) => Iterable<string>;

export class Saying implements ViolationSink {
  readonly #host: Host<keyof typeof baselineInstruments>;
  readonly #next: Consumer<ViolationGroup>;
  readonly violations: Violations;
  readonly keeping: Keeping;
  /** Learns who calls whom, for which of them is the cause. */
  readonly calls: KeptCalls;
  tracesOf: TracesOf = () => [];
  /** What was changed near an onset, of services or the sidecar. */
  changedNear: (services: readonly string[], onsetMs: number) => string | undefined = () => undefined;
  #investigator: Investigator | undefined;
  /** Groups to be told of: each once a second, however many of its members changed. */
  readonly #changed = new Set<string>();
  /** Counts changes of violations, so that who shows them knows when to. */
  changes = 0;
  #toldChanges = 0;

  constructor(host: Host<keyof typeof baselineInstruments>, next: Consumer<ViolationGroup>) {
    this.#host = host;
    this.#next = next;
    this.calls = new KeptCalls(host.clock);
    const newId = (): string =>
      Math.floor(host.random() * 2 ** 32)
        .toString(16)
        .padStart(8, '0');
    this.violations = new Violations(newId, () => this.calls.now());
    this.keeping = new Keeping(host, this.violations);
  }

  /** Violations are looked into with the traces of this source. */
  investigate(source: TraceSource): void {
    this.#investigator = new Investigator(this.#host.clock, this.calls.learning(source));
  }

  stop(): void {
    this.#investigator?.stop();
  }

  say(subject: Subject, changes: readonly Change[]): void {
    for (const change of changes) {
      // Where all change at once, a few show what there is to see.
      const traceIds = this.changes - this.#toldChanges < MAX_SHOWN ? [...this.tracesOf(subject.attributes)] : [];
      const changed = change.severity === 'none' ? undefined : this.#changedNear(subject, change.onsetMs);
      const { groupId, isNew } = this.violations.take(subject, change, traceIds, changed);
      this.#note(groupId);
      if (!isNew || change.severity === 'none') continue;
      this.#host.count('violations', 1, { kind: change.kind, severity: change.severity });
      this.#lookInto(subject, change.kind, change.onsetMs);
    }
  }

  /** Something was changed: it may be why something is in violation. */
  lookForChanges(): void {
    const found = this.violations.lookForChanges(({ subject, onsetMs }) => this.#changedNear(subject, onsetMs));
    for (const id of found) this.#note(id);
  }

  open(kind: ViolationKind): readonly Violation[] {
    return this.violations.open(kind);
  }

  /** Writes what is due, then tells of what changed. */
  async flush(watched: readonly (Watched | undefined)[], nowMs: number): Promise<void> {
    const changed = [...this.#changed].map((id) => this.violations.group(id)).filter((group) => group !== undefined);
    // What goes on as part of another ends first: whoever follows members would take them for over.
    const told = [...this.violations.joined(), ...changed];
    this.#changed.clear();
    this.#toldChanges = this.changes;
    await this.keeping.save(watched, nowMs);
    for (const group of told) void this.#next.consume(group);
  }

  /**
   * Goes on with violations of before a restart. Those whose operation is not known any more, or not as violated, end:
   * nobody would see them end. Whoever is next hears of all that are open: it may not have when this was killed, and knows
   * what it has told.
   */
  resume(operationOf: (key: string) => Operation | undefined, nowMs: number): void {
    for (const { id, members } of this.violations.groups())
      for (const { subject, kind, severity, onsetMs, ratio, explanation } of members) {
        if (severity === 'none') continue;
        // Whoever said the others goes on with them, or ends them.
        if (!OPERATION_KINDS.includes(kind)) {
          this.#note(id);
          continue;
        }
        if (operationOf(subject.key)?.open.includes(kind) === true) {
          this.#lookInto(subject, kind, onsetMs);
          this.#note(id);
          continue;
        }
        const { calls, quantiles } = explanation;
        const change = { timeMs: nowMs, kind, severity: 'none', onsetMs, ratio, nats: 0, calls, quantiles } as const;
        this.say(subject, [{ ...change, ended: 'forgotten' }]);
      }
  }

  /** Traces tell more of some kinds. */
  #lookInto(subject: Subject, kind: ViolationKind, onsetMs: number): void {
    if (kind !== 'latency' && kind !== 'error') return;
    this.#investigator?.begin(subject, kind, onsetMs, (finding) => {
      // The traces that were looked at may tell who calls whom.
      this.violations.relate(subject, kind);
      const changed = this.#changedNear(subject, onsetMs, finding.callees);
      const group = this.violations.found(subject, kind, finding, changed);
      if (group !== undefined) this.#note(group.id);
      return group !== undefined;
    });
  }

  #changedNear({ attributes }: Subject, onsetMs: number, callees: readonly string[] = []): string | undefined {
    const service = attributes['service.name'];
    return this.changedNear(service === undefined ? callees : [service, ...callees], onsetMs);
  }

  #note(groupId: string): void {
    this.changes++;
    this.#changed.add(groupId);
  }
}
