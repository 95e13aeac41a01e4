// What the API is answered of alerts, and how it changes them.
import type { AlertChange, AlertsAnswer, AlertSummary, AlertView, SilenceAnswer } from '../web/api.ts';
import type { Alert } from './contract.ts';
import { causeOf } from './notification-text.ts';
import { rankOf } from './route.ts';
import { coversGroup } from './silences.ts';
import type { AlertStage } from './stage.ts';
import type * as wishes from './wishes.ts';

const UNKNOWN = { refused: 'unknown', problem: 'no such alert is known (any more)' } as const;

/** Shows a running stage, and hands wishes to it. */
export class StageAlerts implements AlertView {
  readonly #stage: AlertStage;
  readonly #nowMs: () => number;
  #version = 0;

  constructor(stage: AlertStage, nowMs: () => number) {
    this.#stage = stage;
    this.#nowMs = nowMs;
    stage.changed = () => void this.#version++;
  }

  version(): number {
    return this.#version;
  }

  alerts(limit: number): AlertsAnswer {
    const all = this.#stage.alerts().sort(byUrgency);
    const { maintenance, holidayFrom } = this.#stage.calendar();
    return {
      alerts: all.slice(0, limit).map((alert) => summaryOf(alert, this.#stage.isShown(alert))),
      alertCount: all.length,
      silences: this.#stage.silences(),
      maintenance,
      ...(holidayFrom === undefined ? {} : { holidayFrom }),
      feedback: this.#stage.feedback().toReversed().slice(0, limit),
    };
  }

  acknowledge(id: string, wish: unknown, who: string): Promise<AlertChange<AlertSummary>> {
    return this.#change(
      ({ readAcknowledgement }) => readAcknowledgement(wish),
      ({ by }) => {
        const alert = this.#stage.alerts().find((each) => each.id === id);
        if (alert === undefined) return UNKNOWN;
        if (this.#stage.acknowledge(id, by || who)) return this.#now(id);
        return { refused: 'conflict', problem: 'it is over, there is nothing to acknowledge' };
      },
    );
  }

  rate(id: string, wish: unknown, who: string): Promise<AlertChange<AlertSummary>> {
    return this.#change(
      ({ readRating }) => readRating(wish),
      ({ useful, by }) => (this.#stage.rate(id, useful, by || who) ? this.#now(id) : UNKNOWN),
    );
  }

  silence(wish: unknown, who: string): Promise<AlertChange<SilenceAnswer>> {
    return this.#change(
      ({ readSilence }) => readSilence(wish, this.#nowMs()),
      ({ by, ...wanted }) => {
        const { alert } = wanted;
        if (alert !== undefined && !this.#stage.alerts().some(({ id }) => id === alert)) return UNKNOWN;
        const silence = this.#stage.silence({ ...wanted, by: by || who });
        if (silence === undefined)
          return { refused: 'conflict', problem: 'there are too many silences; end one that is not needed' };
        const goingOn = this.#stage.alerts().filter(({ state }) => state !== 'resolved');
        const covered = goingOn.filter(({ group }) => coversGroup([silence], group));
        return { done: { silence, covers: covered.map(({ id }) => id) } };
      },
    );
  }

  unsilence(id: string, wish: unknown, who: string): Promise<AlertChange<{ readonly ended: string }>> {
    return this.#change(
      ({ readAcknowledgement }) => readAcknowledgement(wish),
      ({ by }) => {
        const silence = this.#stage.silences().find((each) => each.id === id);
        if (silence?.isConfigured === true)
          return { refused: 'conflict', problem: 'it stands in the configuration, and is ended there' };
        if (silence === undefined || !this.#stage.unsilence(id, by || who))
          return { refused: 'unknown', problem: 'no such silence holds (any more)' };
        return { done: { ended: id } };
      },
    );
  }

  async #change<Wish, Done>(
    read: (readers: typeof wishes) => wishes.Read<Wish>,
    change: (wish: Wish) => AlertChange<Done>,
  ): Promise<AlertChange<Done>> {
    // They judge by schemas, which nobody needs before somebody wishes for something.
    const found = read(await import('./wishes.ts'));
    if ('problem' in found) return { refused: 'malformed', problem: found.problem };
    const changed = change(found.wish);
    // Who is told that it is done need not fear a crash.
    await this.#stage.kept();
    return changed;
  }

  #now(id: string): AlertChange<AlertSummary> {
    const alert = this.#stage.alerts().find((each) => each.id === id);
    return alert === undefined ? UNKNOWN : { done: summaryOf(alert, this.#stage.isShown(alert)) };
  }
}

/** What goes on first, the worst of that first, then the latest. */
function byUrgency(a: Alert, b: Alert): number {
  return rankOf(b.group.severity) - rankOf(a.group.severity) || b.onsetMs - a.onsetMs;
}

function summaryOf({ group, ...alert }: Alert, isShown: boolean): AlertSummary {
  const { severity, peak, changedMs, members } = group;
  const summary = causeOf(group)?.explanation.summary ?? '';
  return { ...alert, severity, peak, changedMs, summary, memberCount: members.length, isShown };
}
