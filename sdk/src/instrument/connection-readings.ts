// What is measured of kept connections, whichever client keeps them.
import type { Attributes } from '@opentelemetry/api';
import { ATTRIBUTE } from '../names.ts';
import type { Report } from '../observe/instruments.ts';
import { Readings, Totals } from './readings.ts';

export const readings = new Readings(['httpOpenConnections', 'connectionPendingRequests']);
const requests = new Totals('connectionRequests');

/** Reports open connections to one server, and requests that wait for one. */
export function reportConnections(
  report: Report,
  { active, idle, pending }: { active: number; idle: number; pending: number },
  server: Attributes,
): void {
  report('httpOpenConnections', active, { ...server, [ATTRIBUTE.httpConnectionState]: 'active' });
  report('httpOpenConnections', idle, { ...server, [ATTRIBUTE.httpConnectionState]: 'idle' });
  report('connectionPendingRequests', pending, server);
}

/** Counts a request that got a connection. */
export function countRequest(server: Attributes, isReused: boolean): void {
  requests.add({ ...server, [ATTRIBUTE.connectionReused]: isReused });
}
