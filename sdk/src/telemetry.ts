// The handle of a running telemetry, as the program sees it. Types only.

/** What the metrics page needs of a `ServerResponse`, spelled out so that types resolve without @types/node. */
export interface PageResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(text: string): unknown;
}

/** A running telemetry. Its methods never reject and always end. */
export interface Telemetry {
  /** Sends what is held; waits for it, but at most 2 s. */
  flush(): Promise<void>;
  /** Sends what is held and stops; takes at most 400 ms, also when nobody answers. Idempotent. */
  shutdown(): Promise<void>;
  /** Answers a request with the metrics of this process as Prometheus text; present for `prometheus: {}`. */
  readonly metricsPage?: (request: unknown, response: PageResponse) => void;
}
