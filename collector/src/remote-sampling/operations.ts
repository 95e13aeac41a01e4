// Operations of adaptive services: how often each is called, its ratio, and the ratio that is in force where it runs.
// Counts roots only, because samplers decide there and children follow. No object is made but for a new operation.
import { Interner, MAX_TEXT_BYTES, OVERFLOW_ID } from '../otlp/interner.ts';
import { ROOT, type SpanBatch } from '../otlp/span-batch.ts';
import { statedWeight } from '../otlp/stated-weight.ts';
import { nextRatio, NOTHING_SEEN, type RateMemory, remember } from './adaptive-ratio.ts';
import type { AdaptiveService } from './config.ts';
import type { FactorOf } from './raised-operations.ts';

/** Operations without a call for so long are forgotten, once their ratio is no lower than that of an unknown one. */
const FORGET_AFTER_MS = 3_600_000;

interface Operation {
  readonly nameId: number;
  ratio: number;
  /** What its service samples it at, as far as we know: 1 until the service has asked. */
  inForce: number;
  /** Calls of this round. */
  estimated: number;
  seen: number;
  usedMs: number;
  memory: RateMemory;
}

interface Service {
  readonly config: AdaptiveService;
  readonly operations: Map<number, Operation>;
  hasAsked: boolean;
}

/** An operation and the ratio its service is told. */
export interface OperationRatio {
  readonly operation: string;
  readonly ratio: number;
  /** What it was told before. */
  readonly before: number;
}

export interface SteeredOperationsOptions {
  /** Tells how many times as much is wanted of operations of a service; undefined where it is as usual. */
  factorsOf?(service: string, isEntry: (operation: string) => boolean, nowMs: number): FactorOf | undefined;
  /** Tells how a service is steered; undefined where it is not, or not by what is seen. */
  adaptiveOf(service: string): AdaptiveService | undefined;
  readonly maxOperations: number;
  readonly seed: number;
}

/** The table of operations. */
export class SteeredOperations {
  readonly #options: SteeredOperationsOptions;
  readonly #names: Interner;
  readonly #services = new Map<string, Service>();
  /** Service by context id, valid while the context has the same serial: ids are recycled. */
  readonly #byContext: ({ readonly serial: number; readonly service: Service | undefined } | undefined)[] = [];
  #count = 0;

  constructor(options: SteeredOperationsOptions) {
    this.#options = options;
    this.#names = new Interner(options.maxOperations, options.seed);
  }

  get count(): number {
    return this.#count;
  }

  /** Counts the roots of a batch. @returns how many belong to operations that found no place */
  update(batch: SpanBatch, nowMs: number): number {
    let overflowed = 0;
    for (let row = 0; row < batch.count; row++) {
      if ((batch.flags[row] & ROOT) === 0) continue;
      const service = this.#serviceOf(batch, batch.context[row]);
      if (service === undefined) continue;
      const operation = this.#find(service, batch, row) ?? this.#add(service, batch, row);
      if (operation === undefined) {
        overflowed++;
        continue;
      }
      const stated = statedWeight(batch, row);
      operation.estimated += stated || 1 / operation.inForce;
      operation.seen += stated || 1;
      operation.usedMs = nowMs;
    }
    return overflowed;
  }

  /** Ends a round: every ratio is found anew. @param seconds since the last one */
  endRound(seconds: number, nowMs: number): void {
    for (const [name, service] of this.#services) {
      const { operations, config } = service;
      const target = { tracesPerSecond: config.traces_per_second, minRatio: config.min_ratio };
      const factorOf = this.#options.factorsOf?.(name, (operation) => this.#isEntry(service, operation), nowMs);
      for (const operation of operations.values()) {
        operation.memory = remember(operation.memory, operation, seconds, target);
        const factor = factorOf?.(this.#names.texts[operation.nameId]) ?? 1;
        const wanted = factor === 1 ? target : { ...target, tracesPerSecond: factor * target.tracesPerSecond };
        operation.ratio = nextRatio(operation.ratio, operation.memory, wanted);
        operation.estimated = operation.seen = 0;
        if (nowMs - operation.usedMs >= FORGET_AFTER_MS && operation.ratio >= config.default_ratio)
          this.#forget(service, operation);
      }
      if (operations.size > 0) continue;
      this.#services.delete(name);
      this.#byContext.length = 0;
    }
  }

  /** Lists the ratios of a service, which count as in force there from now on. */
  handOut(name: string): OperationRatio[] {
    const service = this.#services.get(name);
    if (service === undefined) return [];
    service.hasAsked = true;
    return [...service.operations.values()].map((operation) => {
      const before = operation.inForce;
      operation.inForce = operation.ratio;
      return { operation: this.#names.texts[operation.nameId], ratio: operation.ratio, before };
    });
  }

  #isEntry({ operations }: Service, name: string): boolean {
    for (const { nameId } of operations.values()) if (this.#names.texts[nameId] === name) return true;
    return false;
  }

  #serviceOf(batch: SpanBatch, contextId: number): Service | undefined {
    const context = batch.contexts[contextId];
    if (context === undefined) return undefined;
    const known = this.#byContext[contextId];
    if (known?.serial === context.serial) return known.service;
    const service = this.#services.get(context.serviceName) ?? this.#addService(context.serviceName);
    this.#byContext[contextId] = { serial: context.serial, service };
    return service;
  }

  #addService(name: string): Service | undefined {
    const config = this.#options.adaptiveOf(name);
    if (config === undefined) return undefined;
    const service: Service = { config, operations: new Map(), hasAsked: false };
    this.#services.set(name, service);
    return service;
  }

  #find(service: Service, batch: SpanBatch, row: number): Operation | undefined {
    const id = this.#names.find(batch.source.bytes, batch.nameOffset[row], batch.nameLength[row]);
    return id < 0 ? undefined : service.operations.get(id);
  }

  #add(service: Service, batch: SpanBatch, row: number): Operation | undefined {
    const length = batch.nameLength[row];
    // A longer name would be cut, and no SDK would know it again.
    if (this.#count >= this.#options.maxOperations || length > MAX_TEXT_BYTES) return undefined;
    const nameId = this.#names.retain(batch.source.bytes, batch.nameOffset[row], length, utf8);
    if (nameId === OVERFLOW_ID) return undefined;
    const ratio = service.config.default_ratio;
    const inForce = service.hasAsked ? ratio : 1;
    const operation: Operation = { nameId, ratio, inForce, estimated: 0, seen: 0, usedMs: 0, memory: NOTHING_SEEN };
    service.operations.set(nameId, operation);
    this.#count++;
    return operation;
  }

  #forget(service: Service, { nameId }: Operation): void {
    service.operations.delete(nameId);
    this.#names.release(nameId);
    this.#count--;
  }
}

const decoder = new TextDecoder();

function utf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
