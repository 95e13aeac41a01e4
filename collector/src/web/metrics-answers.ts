// The JSON of the page's API about metrics: books of points, figures, resources. Types only.

/** Data points of one room: in = passed + absorbed + dropped + held. */
export interface RoomPoints {
  readonly in: number;
  readonly passed: number;
  /** Went into another point instead of on as they were. */
  readonly absorbed: number;
  /** By reason; one entry without a name where the room has a single one. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Not yet decided on; 0 where the room holds none. */
  readonly held: number;
  /** Points the room made; not part of `in`. */
  readonly emitted: number;
  readonly balanced: boolean;
}

/** Data points of one exporter: pushed = delivered + rejected + failed + queued. */
export interface ExporterPoints {
  readonly name: string;
  /** Handed to it: what was taken, made cumulative where it wants that, and the sidecar's own metrics. */
  readonly pushed: number;
  readonly delivered: number;
  readonly rejected: number;
  /** By reason. */
  readonly failed: Readonly<Record<string, number>>;
  readonly queued: number;
  readonly balanced: boolean;
}

/** Data points from where they come in to where they go; a room that is off is left out. */
export interface PointBooks {
  readonly accepted: number;
  /** By where they came in: at the doors, from targets, of host and process. */
  readonly sources: { readonly received: number; readonly scraped: number; readonly read: number };
  /** Of accepted bodies, left out because they contradict themselves; not part of `accepted`. */
  readonly rejected: number;
  readonly limit?: RoomPoints;
  readonly aggregate?: RoomPoints;
  readonly exported: {
    /** What the rooms before passed on. */
    readonly in: number;
    /** What the far end took: `in`, exactly. */
    readonly taken: number;
    /** Of those taken, in no series that is shown, by reason. */
    readonly leftOut: Readonly<Record<string, number>>;
    readonly balanced: boolean;
  };
  /** Those that push points. */
  readonly exporters: readonly ExporterPoints[];
}

/** A figure of one sender. */
interface BySender {
  readonly service: string;
  readonly instance: string;
}

/** How often what exists was used again instead of made anew. */
export interface Reuse extends BySender {
  readonly kind: 'connections' | 'objects';
  /** Pool, or server that is connected to; empty where nobody says. */
  readonly name: string;
  /** Names the metrics it was read from. */
  readonly metric: string;
  /** Uses that needed nothing new, against all; 0..1. */
  readonly ratio: number;
  /** All uses it is a share of; absent where the sender says the ratio alone. */
  readonly uses?: number;
}

/** GET /api/kpis: what nothing was measured of is absent. Paces are those of the last ten minutes. */
export interface KpisAnswer {
  /** Seconds behind the paces; 0 where there is none yet. */
  readonly paceSeconds: number;
  /** Collections of garbage, busiest first, at most 20. */
  readonly gc: readonly (BySender & { readonly perHour: number })[];
  /** Of this process, resident. */
  readonly memory: { readonly nowBytes: number; readonly peakBytes: number };
  /** CPU seconds per second. */
  readonly monitoringCpu?: {
    readonly usedRatio: number;
    /** What reading at the shortest interval would have cost beyond. */
    readonly savedRatio: number;
  };
  /** Readings and scrapes: points a day at this pace, and what they would be at the shortest interval. */
  readonly points?: { readonly perDayBefore: number; readonly perDayAfter: number; readonly savedRatio: number };
  /** Distinct attribute sets that came, an estimate, and series that are exposed. */
  readonly series?: { readonly before: number; readonly after: number };
  /** At most 50. */
  readonly reuse: readonly Reuse[];
  /** At most 20. */
  readonly eventLoops: readonly (BySender & {
    readonly delayP99Seconds?: number;
    readonly utilizationRatio?: number;
  })[];
}

/** One series of host, process or runtime. */
export interface ResourceSeries {
  readonly metric: string;
  /** UCUM. */
  readonly unit: string;
  /** `counter`: a running total, of which the increase tells. */
  readonly kind: 'gauge' | 'counter';
  readonly attributes: Readonly<Record<string, string>>;
  /** Oldest first: milliseconds before `nowMs`, and the value; the newest is always among them. */
  readonly points: readonly (readonly [agoMs: number, value: number])[];
}

/** GET /api/resources?service=&instance= ; without a sender that of this sidecar, or the first where it reads nothing. */
export interface ResourcesAnswer {
  /** Unix milliseconds. */
  readonly nowMs: number;
  /** Beyond this, points are forgotten. */
  readonly historySeconds: number;
  /** Whose series there are. */
  readonly senders: readonly (BySender & { readonly series: number })[];
  /** Whose series these are; absent where there are none at all. */
  readonly sender?: BySender;
  readonly series: readonly ResourceSeries[];
  /** Series that found no room. */
  readonly leftOut: number;
}
