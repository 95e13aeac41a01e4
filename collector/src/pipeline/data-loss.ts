// Says that the sidecar itself loses data, or is about to: an emergency, told like every other violation.
import type { Change, Subject, ViolationSink } from '../baseline/contract.ts';
import type { Clock, Stage } from './contract.ts';
import { LossWatch } from './loss-watch.ts';
import { type QueueReading, type QueueRisk, QueueWatch } from './queue-risk.ts';

/** Somewhere in the sidecar where data can be lost. */
export interface LossSource {
  readonly subject: Subject;
  /** What was lost since this program started, in whatever it counts. */
  lost(): number;
  /** What waits there; without it only what is lost is said. */
  queue?(): QueueReading;
  /** Said where something is lost, without its name: `gives up what it cannot deliver`. */
  readonly says: string;
  /** What to do about it, as a sentence. */
  readonly advice: string;
  /** Without a loss for so long it is over. */
  readonly quietMs?: number;
}

const LOOK_EVERY_MS = 1000;
/** What was said before a restart may be read only after this has started. */
const ADOPT_EVERY_LOOKS = 10;
const MS_A_MINUTE = 60_000;

/** How it stands with a source: `losing` is worse than the others, and each is told apart. */
type Phase = 'filling' | 'stuck' | 'losing';

interface Watched {
  readonly source: LossSource;
  loss: LossWatch;
  queue: QueueWatch;
  phase: Phase | undefined;
  onsetMs: number;
}

export class DataLossWatch implements Stage<never> {
  readonly #clock: Clock;
  readonly #sink: ViolationSink;
  readonly #watched: ReadonlyMap<string, Watched>;
  #looks = 0;
  #cancel: (() => void) | undefined;

  /** @param sources each with a subject of its own */
  constructor(clock: Clock, sink: ViolationSink, sources: readonly LossSource[]) {
    this.#clock = clock;
    this.#sink = sink;
    this.#watched = new Map(sources.map((source) => [source.subject.key, watchedOf(source)]));
  }

  /** After whoever keeps violations over a restart. */
  async start(): Promise<void> {
    this.#cancel = this.#clock.every(LOOK_EVERY_MS, () => this.#look(this.#clock.nowMs()));
  }

  /** What is lost because the program ends is said in the log. */
  async stop(): Promise<void> {
    this.#cancel?.();
  }

  /** Nothing flows through. */
  async consume(): Promise<void> {}

  #look(nowMs: number): void {
    if (this.#looks++ % ADOPT_EVERY_LOOKS === 0) this.#adopt(nowMs);
    for (const watched of this.#watched.values()) {
      const { phase, risk } = look(watched, nowMs);
      if (phase === watched.phase) continue;
      if (watched.phase === undefined) watched.onsetMs = nowMs;
      watched.phase = phase;
      this.#sink.say(watched.source.subject, [changeOf(watched, risk, nowMs)]);
    }
  }

  /** Goes on with what was said before a restart; what is not there any more is ended. */
  #adopt(nowMs: number): void {
    for (const { subject, onsetMs } of this.#sink.open('data_loss')) {
      const watched = this.#watched.get(subject.key);
      if (watched === undefined) this.#sink.say(subject, [{ ...endOf(onsetMs, nowMs), ended: 'forgotten' }]);
      else if (watched.phase === undefined)
        Object.assign(watched, { ...watchedOf(watched.source, nowMs), onsetMs, phase: 'losing' });
    }
  }
}

/** @param sinceMs it was losing then */
function watchedOf(source: LossSource, sinceMs?: number): Watched {
  const loss = new LossWatch(sinceMs, source.quietMs);
  return { source, loss, queue: new QueueWatch(sinceMs !== undefined), phase: undefined, onsetMs: NaN };
}

function look(
  { source, loss, queue, phase }: Watched,
  nowMs: number,
): { readonly phase: Phase | undefined; readonly risk: QueueRisk | undefined } {
  const isLosing = loss.look(nowMs, source.lost());
  const reading = source.queue?.();
  const risk = reading && queue.look(nowMs, reading);
  // A receiver that does not answer makes lose more sooner or later, be it seldom.
  if (isLosing || (phase === 'losing' && reading?.isFailing === true)) return { phase: 'losing', risk };
  if (risk === undefined) return { phase: undefined, risk };
  // Until it is over it is said as it was, however it turns: nobody does anything else about it.
  return { phase: phase ?? (risk.fullInMs === undefined ? 'stuck' : 'filling'), risk };
}

function changeOf({ source, phase, onsetMs }: Watched, risk: QueueRisk | undefined, nowMs: number): Change {
  const end = endOf(onsetMs, nowMs);
  if (phase === undefined) return end;
  return { ...end, severity: 'emergency', says: saysOf(source, phase, risk), advice: source.advice };
}

function saysOf({ says }: LossSource, phase: Phase, risk: QueueRisk | undefined): string {
  if (phase === 'losing' || risk === undefined) return says;
  const filled = `has ${Math.round(risk.fill * 100)} % of its queue full`;
  if (risk.fullInMs === undefined) return `${filled}, and its receiver takes nothing`;
  const minutes = Math.max(1, Math.round(risk.fullInMs / MS_A_MINUTE));
  return `${filled}, and all of it within ${minutes} min`;
}

function endOf(onsetMs: number, timeMs: number): Change {
  const ratio = { value: 1, low: 1, high: 1 };
  return { timeMs, kind: 'data_loss', severity: 'none', onsetMs, ratio, nats: 0, calls: 0, quantiles: [] };
}
