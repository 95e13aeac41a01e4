// What people say of alerts, counted by what the alerts were of: where most are false alarms, something is to be done.
// Pure: the time is given.
import type { Alert, SubjectFeedback } from './contract.ts';

/** Subjects that are remembered; the one that was spoken of longest ago gives its place. */
const MAX_SUBJECTS = 1000;

/** Counts answers to the question whether an alert was useful. */
export class FeedbackCounts {
  /** The one that was spoken of last stands last. */
  readonly #counts = new Map<string, SubjectFeedback>();

  /** @param before what was said of the same alert before: that is taken back */
  note({ key, name }: Alert['subject'], isUseful: boolean, before: Alert['feedback'], atMs: number): void {
    const { useful = 0, useless = 0 } = this.#counts.get(key) ?? {};
    const [wasUseful, wasUseless] = [before?.isUseful === true ? 1 : 0, before?.isUseful === false ? 1 : 0];
    this.#put({
      key,
      name,
      useful: Math.max(0, useful - wasUseful) + (isUseful ? 1 : 0),
      useless: Math.max(0, useless - wasUseless) + (isUseful ? 0 : 1),
      atMs,
    });
  }

  /** At most a thousand, the one that was spoken of last at the end. */
  list(): SubjectFeedback[] {
    return [...this.#counts.values()];
  }

  /** Takes up what was counted before a restart. */
  restore(counts: readonly SubjectFeedback[]): void {
    for (const each of counts) this.#put(each);
  }

  #put(counted: SubjectFeedback): void {
    this.#counts.delete(counted.key);
    this.#counts.set(counted.key, counted);
    for (const oldest of this.#counts.keys()) {
      if (this.#counts.size <= MAX_SUBJECTS) break;
      this.#counts.delete(oldest);
    }
  }
}
