// What other rooms may know of `alert`: types, never its code.
import type { Severity, Subject, ViolationGroup, ViolationKind } from '../baseline/contract.ts';

/** What a channel was told of an alert last. */
export interface Told {
  readonly severity: Severity;
  readonly atMs: number;
  /** As far as the channel knows it goes on. */
  readonly isOpen: boolean;
}

/** One alert, as the page shows it and as it is kept. */
export interface Alert {
  /** That of its group. */
  readonly id: string;
  /** A pending one waits for what else its cause brings; one that was never told or is over is `resolved`. */
  readonly state: 'pending' | 'firing' | 'resolved';
  readonly sinceMs: number;
  /** What it began with: receivers know it by that, whatever joins later. */
  readonly subject: Subject;
  readonly onsetMs: number;
  readonly group: ViolationGroup;
  /** By channel. */
  readonly told: Readonly<Record<string, Told>>;
  /** Why nobody is told. */
  readonly heldBy?: 'silence' | 'maintenance' | 'holiday';
  /** Somebody took it on; it is not told again unless it gets worse than this. */
  readonly acknowledged?: { readonly by: string; readonly atMs: number; readonly severity: Severity };
  /** What somebody said of it. */
  readonly feedback?: { readonly isUseful: boolean; readonly by: string; readonly atMs: number };
}

/** What is not told for a time; empty lists and maps mean everything. */
export interface Silence {
  readonly id: string;
  /** Id of the one alert that is meant, with whatever joins it; absent where any may be. */
  readonly alert?: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly kinds: readonly ViolationKind[];
  readonly severities: readonly Severity[];
  readonly startMs: number;
  /** Infinity, which JSON does not know, is left out. */
  readonly endMs?: number;
  readonly comment: string;
  readonly by: string;
  /** Those of the configuration are not ended from the page. */
  readonly isConfigured: boolean;
}

/** A maintenance window of the configuration that is open or will be; nothing of what matches is told then. */
export interface MaintenanceWindow extends Pick<Silence, 'attributes' | 'kinds' | 'severities'> {
  readonly name: string;
  readonly isOpen: boolean;
  /** Where it comes each week: times of day as `22:30`, on days as `mon`. */
  readonly weekly?: {
    readonly days: readonly string[];
    readonly from: string;
    readonly to: string;
    readonly timeZone: string;
  };
  /** Where it comes once. */
  readonly once?: { readonly startMs: number; readonly endMs: number };
}

/** What people said of the alerts of one subject, over its remembered time. */
export interface SubjectFeedback {
  readonly key: string;
  readonly name: string;
  /** Alerts that were useful, and false alarms. */
  readonly useful: number;
  readonly useless: number;
  readonly atMs: number;
}

/** A wish to be told nothing of what matches, for a time. */
export type SilenceWish = Pick<Silence, 'alert' | 'attributes' | 'kinds' | 'severities' | 'comment' | 'by'> & {
  readonly forMs: number;
};

/** One message to one channel. */
export interface Notification {
  /** The same however often it is sent. */
  readonly id: string;
  readonly occasion: Occasion;
  readonly atMs: number;
  /** What the channel is told it is; of an alert that is over, what it was told last. */
  readonly severity: Severity;
  /** What it was told before, where that was milder. */
  readonly previous?: Severity;
  readonly subject: Subject;
  readonly onsetMs: number;
  readonly group: ViolationGroup;
  readonly acknowledgedBy?: string;
}

/** Why a channel is told. `resent` is no news: it keeps an alert alive where one ends that is not heard of. */
export type Occasion = 'firing' | 'escalated' | 'repeated' | 'acknowledged' | 'resolved' | 'resent' | 'test';

/** Everything that has to survive a restart, as plain JSON. */
export interface AlertSnapshot {
  readonly version: 1;
  /** Numbers of notifications and silences begin here. */
  readonly nextNumber: number;
  readonly alerts: readonly (Alert & { readonly seenIds: readonly string[] })[];
  readonly silences: readonly Silence[];
  /** Absent in what was kept before feedback was counted. */
  readonly feedback?: readonly SubjectFeedback[];
  /** By channel: when it was told lately, and what waits. */
  readonly channels: Readonly<Record<string, ChannelSnapshot>>;
}

export interface ChannelSnapshot {
  readonly toldAtMs: readonly number[];
  /** An attempt that was under way may have come through or not. */
  readonly queue: readonly { readonly notification: Notification; readonly isUnderWay: boolean }[];
}
