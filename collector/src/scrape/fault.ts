// What makes a scrape fail as a whole.
import type { FailedReason } from './instruments.ts';

/** A failed scrape. The message says where and why, never what was read there. */
export class ScrapeFault extends Error {
  readonly reason: FailedReason;

  constructor(reason: FailedReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
