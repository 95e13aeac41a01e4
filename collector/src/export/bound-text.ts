// Numbers as Prometheus' labels have them.

/** `1.0` rather than `1`, the canonical form of OpenMetrics, wherever a series goes: else it would be two series. */
export function boundText(bound: number): string {
  return Number.isInteger(bound) && Math.abs(bound) < 1e21 ? `${bound}.0` : numberText(bound);
}

export function numberText(value: number): string {
  return Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
