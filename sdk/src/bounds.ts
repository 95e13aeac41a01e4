// Bounds of histograms, in seconds, for readers that take no exponential ones.

/** Of calls. @see HTTP and database conventions of OpenTelemetry */
export const SECONDS: readonly number[] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Of what is kept open: from a failed attempt to a day. */
export const LONG_SECONDS: readonly number[] = [0.1, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 14_400, 86_400];
