// What is measured of kept connections, whichever client keeps them.
import type { Attributes } from '@opentelemetry/api';
import { RESOURCE_ATTRIBUTE, RESOURCE_METRIC } from '../names.ts';
import type { Report } from '../observe/instruments.ts';
import { Readings, Totals } from './readings.ts';

export const readings = new Readings([RESOURCE_METRIC.httpOpenConnections, RESOURCE_METRIC.connectionPendingRequests]);
const requests = new Totals(RESOURCE_METRIC.connectionRequests);

/** Reports open connections to one server, and requests that wait for one. */
export function reportConnections(
  report: Report,
  { active, idle, pending }: { active: number; idle: number; pending: number },
  server: Attributes,
): void {
  report(RESOURCE_METRIC.httpOpenConnections, active, {
    ...server,
    [RESOURCE_ATTRIBUTE.httpConnectionState]: 'active',
  });
  report(RESOURCE_METRIC.httpOpenConnections, idle, { ...server, [RESOURCE_ATTRIBUTE.httpConnectionState]: 'idle' });
  report(RESOURCE_METRIC.connectionPendingRequests, pending, server);
}

/** Counts a request that got a connection. */
export function countRequest(server: Attributes, isReused: boolean): void {
  requests.add({ ...server, [RESOURCE_ATTRIBUTE.connectionReused]: isReused });
}
