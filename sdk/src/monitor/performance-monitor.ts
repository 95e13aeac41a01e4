// What a program knows of its own performance without asking anybody: running statistics by operation, workflow and node,
// and alerts, from the sidecar or by bounds of its own. Sends nothing but what is given to an OpenTelemetry meter.
import type { Histogram, Meter } from '@opentelemetry/api';
import { type AlertCallback, AlertCallbacks, type AlertData } from './alert.ts';
import { type MonitorClock, PROCESS_CLOCK } from './clock.ts';
import { QUANTILE_ERROR_RATIO } from './duration-statistics.ts';
import { checkNumbers } from '../creation-checks.ts';
import { ATTRIBUTE, MONITOR_METRIC } from '../names.ts';
import { type NamedSummary, OperationTable } from './operation-table.ts';
import type { ResourceReading } from './resource-reading.ts';
import { type Threshold, Thresholds } from './thresholds.ts';

/** What is known of a call beside its duration; texts, numbers and booleans are kept of the slowest call. */
export interface OperationMetadata {
  /** Anything but undefined, null and false counts the call as failed. */
  readonly error?: unknown;
  /** False counts the call as failed. */
  readonly ok?: boolean;
  readonly [key: string]: unknown;
}

export interface PerformanceMonitorOptions {
  /** By operation type; judged every 5 s over the last minute. */
  readonly thresholds?: Readonly<Record<string, Threshold>>;
  /** Alerts of a sidecar: the URL of its page, `http://127.0.0.1:4320`, with a token where it asks for one. */
  readonly alerts?: { readonly url: string; readonly token?: string };
  /** What {@link PerformanceMonitor.getSystemStatistics} answers, as a rule a started `ResourceMonitor`. */
  readonly resources?: { current(): ResourceReading | undefined };
  /** Gets every duration as a histogram, `metrics.getMeter('my-service')`. */
  readonly meter?: Meter;
  /** Operation types with statistics of their own; what comes later is counted as `(other)`; 200. */
  readonly maxTypes?: number;
  readonly maxWorkflows?: number;
  /** Of all workflows together; 500. */
  readonly maxNodes?: number;
  readonly clock?: MonitorClock;
}

export interface OperationStatistics extends Omit<NamedSummary, 'name'> {
  readonly type: string;
}

export interface WorkflowStatistics extends Omit<NamedSummary, 'name'> {
  readonly workflow: string;
}

export interface NodeStatistics extends WorkflowStatistics {
  readonly node: string;
}

/** Everything a monitor knows, as plain JSON. Times are milliseconds, ratios 0..1. */
export interface PerformanceExport {
  readonly version: 1;
  /** Milliseconds since the epoch. */
  readonly startedMs: number;
  readonly takenMs: number;
  /** Largest relative error of quantiles. */
  readonly quantileErrorRatio: number;
  readonly operations: readonly OperationStatistics[];
  readonly workflows: readonly WorkflowStatistics[];
  readonly nodes: readonly NodeStatistics[];
  readonly system: ResourceReading | undefined;
  /** Raised by thresholds and not over. */
  readonly alerts: readonly AlertData[];
  /** Records that were none: without a name or a duration. */
  readonly refused: number;
  /** How often a callback for alerts has thrown. */
  readonly callbackFailures: number;
}

const DEFAULTS = { maxTypes: 200, maxWorkflows: 100, maxNodes: 500 };
/** Four kilobytes each. */
const LIMIT = { most: 100_000 };
const LIMITS = { maxTypes: LIMIT, maxWorkflows: LIMIT, maxNodes: LIMIT };
/** Stands in no name that people give, and ends what is taken out of one. */
const BETWEEN = '\u{2028}';

/** Counts what a program tells it; constant memory, about 4 kB a type. Recording costs less than half a microsecond. */
export class PerformanceMonitor {
  readonly #clock: MonitorClock;
  readonly #operations: OperationTable;
  readonly #workflows: OperationTable;
  readonly #nodes: OperationTable;
  readonly #resources: PerformanceMonitorOptions['resources'];
  readonly #durations: Histogram | undefined;
  readonly #callbacks = new AlertCallbacks();
  readonly #thresholds: Thresholds | undefined;
  #startedMs: number;
  #stopFeed: (() => void) | undefined;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(options: PerformanceMonitorOptions = {}) {
    checkNumbers('PerformanceMonitor', options, LIMITS);
    this.#clock = options.clock ?? PROCESS_CLOCK;
    this.#startedMs = this.#clock.nowMs();
    this.#operations = new OperationTable(options.maxTypes ?? DEFAULTS.maxTypes);
    this.#workflows = new OperationTable(options.maxWorkflows ?? DEFAULTS.maxWorkflows);
    this.#nodes = new OperationTable(options.maxNodes ?? DEFAULTS.maxNodes);
    this.#resources = options.resources;
    const { name, unit, description, bounds } = MONITOR_METRIC.monitorDuration;
    const advice = { explicitBucketBoundaries: [...bounds] };
    this.#durations = options.meter?.createHistogram(name, { unit, description, advice });
    const { thresholds, alerts } = options;
    if (thresholds !== undefined) {
      this.#thresholds = new Thresholds(thresholds, this.#clock.monotonicMs(), (type, data) =>
        this.#callbacks.tell(type, data),
      );
      this.#judgeLater(this.#thresholds);
    }
    if (alerts !== undefined) void this.#follow(alerts);
  }

  /** Counts a call of an operation; never throws. */
  recordOperation(type: string, durationMs: number, metadata?: OperationMetadata): void {
    const isError = isFailed(metadata);
    const known = this.#operations.record(type, durationMs, isError, this.#clock.nowMs(), metadata);
    if (known === undefined) return;
    this.#thresholds?.record(type, durationMs, isError, this.#clock.monotonicMs());
    this.#measure(known, durationMs, isError);
  }

  /** Counts a run of a workflow; never throws. */
  recordWorkflow(workflow: string, durationMs: number, ok = true, metadata?: OperationMetadata): void {
    this.#workflows.record(workflow, durationMs, !ok, this.#clock.nowMs(), metadata);
  }

  /** Counts a step of a workflow; never throws. */
  recordNode(workflow: string, node: string, durationMs: number, ok = true, metadata?: OperationMetadata): void {
    this.#nodes.record(nodeName(workflow, node), durationMs, !ok, this.#clock.nowMs(), metadata);
  }

  /** Answers what is known of one operation type, or of all, what took the most time in all first. */
  getStatistics(type: string): OperationStatistics | undefined;
  getStatistics(): OperationStatistics[];
  getStatistics(type?: string): OperationStatistics | undefined | OperationStatistics[] {
    if (type === undefined) return this.#operations.summaries().map(operationOf);
    const found = this.#operations.summary(type);
    return found && operationOf(found);
  }

  getWorkflowStatistics(workflow: string): WorkflowStatistics | undefined;
  getWorkflowStatistics(): WorkflowStatistics[];
  getWorkflowStatistics(workflow?: string): WorkflowStatistics | undefined | WorkflowStatistics[] {
    if (workflow === undefined) return this.#workflows.summaries().map(workflowOf);
    const found = this.#workflows.summary(workflow);
    return found && workflowOf(found);
  }

  /** Of all workflows unless one is named. What had no place has the workflow and node `(other)`. */
  getNodeStatistics(workflow?: string): NodeStatistics[] {
    const all = this.#nodes.summaries().map(nodeOf);
    return workflow === undefined ? all : all.filter((each) => each.workflow === workflow);
  }

  /** The last reading of the process; undefined without `resources` and before their first reading. */
  getSystemStatistics(): ResourceReading | undefined {
    return this.#resources?.current();
  }

  /**
   * Registers who is told of alerts: of the sidecar's with `alerts`, of this process' with `thresholds`.
   *
   * @param callback may throw without harm; called outside of any request
   * @returns what takes it off again
   */
  registerAlertCallback(callback: AlertCallback): () => void {
    return this.#callbacks.register(callback);
  }

  /** Everything at once, as plain JSON. */
  exportMetrics(): PerformanceExport {
    return {
      version: 1,
      startedMs: this.#startedMs,
      takenMs: this.#clock.nowMs(),
      quantileErrorRatio: QUANTILE_ERROR_RATIO,
      operations: this.getStatistics(),
      workflows: this.getWorkflowStatistics(),
      nodes: this.getNodeStatistics(),
      system: this.getSystemStatistics(),
      alerts: this.#thresholds?.raised() ?? [],
      refused: this.#operations.refused + this.#workflows.refused + this.#nodes.refused,
      callbackFailures: this.#callbacks.failures,
    };
  }

  /** Forgets all statistics; alerts and callbacks stay. */
  reset(): void {
    for (const table of [this.#operations, this.#workflows, this.#nodes]) table.clear();
    this.#startedMs = this.#clock.nowMs();
  }

  /** Ends timers and the connection to the sidecar. Statistics stay, and recording goes on. */
  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
    this.#stopFeed?.();
  }

  #judgeLater(thresholds: Thresholds): void {
    this.#cancel = this.#clock.after(Thresholds.everyMs, () => {
      thresholds.judge(this.#clock.monotonicMs(), this.#clock.nowMs());
      if (!this.#isStopped) this.#judgeLater(thresholds);
    });
  }

  /** The feed loads a client of HTTP, which others do not need. */
  async #follow(alerts: NonNullable<PerformanceMonitorOptions['alerts']>): Promise<void> {
    const { followAlerts } = await import('./alert-feed.ts');
    if (this.#isStopped) return;
    this.#stopFeed = followAlerts({ ...alerts, clock: this.#clock, tell: (...told) => this.#callbacks.tell(...told) });
  }

  #measure(type: string, durationMs: number, isError: boolean): void {
    try {
      this.#durations?.record(durationMs / 1000, {
        [ATTRIBUTE.monitorType]: type,
        [ATTRIBUTE.monitorOutcome]: isError ? 'error' : 'ok',
      });
    } catch {
      // A meter of the program.
    }
  }
}

/** @returns what is refused, where it is no name */
function nodeName(workflow: unknown, node: unknown): string | undefined {
  try {
    return `${String(workflow)}${BETWEEN}${String(node)}`;
  } catch {
    return undefined;
  }
}

function isFailed(metadata: OperationMetadata | undefined): boolean {
  try {
    const { error, ok } = metadata ?? {};
    return ok === false || (error !== undefined && error !== null && error !== false);
  } catch {
    // A getter that throws says nothing.
    return false;
  }
}

function operationOf({ name, ...rest }: NamedSummary): OperationStatistics {
  return { type: name, ...rest };
}

function workflowOf({ name, ...rest }: NamedSummary): WorkflowStatistics {
  return { workflow: name, ...rest };
}

function nodeOf({ name, ...rest }: NamedSummary): NodeStatistics {
  const [workflow = '', node = workflow] = name.split(BETWEEN);
  return { workflow, node, ...rest };
}
