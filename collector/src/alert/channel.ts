// What a channel is to those who use it. Each is one file in `channels`, which knows a receiver and nothing else.
import type { Host } from '../pipeline/contract.ts';
import type { Notification } from './contract.ts';

/** How an attempt ended. */
export type Answer =
  | { readonly outcome: 'delivered' }
  /** Not now. `afterMs` is what the receiver asked for. */
  | { readonly outcome: 'again'; readonly why: string; readonly afterMs?: number | undefined }
  /** Never. */
  | { readonly outcome: 'refused'; readonly why: string };

/** An open way to one receiver. */
export interface Channel {
  /** Names the receiver, without anything that may be a secret. */
  readonly where: string;
  /**
   * Makes one attempt, bounded in time. Answers every outcome as a value, and never throws for what a receiver does.
   *
   * @param cut ends the attempt; it then counts as one in vain
   */
  send(notification: Notification, cut: AbortSignal): Promise<Answer>;
  close(): void;
}

/** What every channel is opened with, beside its own configuration. */
export interface ChannelSurroundings {
  /** Of the channel. */
  readonly name: string;
  readonly allowLinkLocal: boolean;
  /** Of the page, without a slash at its end; undefined where nobody said. */
  readonly baseUrl: string | undefined;
  readonly host: Pick<Host, 'clock' | 'log'>;
}
