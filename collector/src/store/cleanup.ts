// What the main thread counts and says of what the store's thread removed, or could not.
import type { Host } from '../pipeline/contract.ts';
import type { Removed, StoreReply } from './contract.ts';
import type { storeInstruments } from './instruments.ts';

type StoreHost = Host<keyof typeof storeInstruments>;

export function countRemoved(host: StoreHost, data: 'traces' | 'decisions', { count, bytes }: Removed): void {
  if (data === 'traces') host.record('overdue', 0);
  if (count > 0) host.count('removed', count, { data });
  if (bytes > 0) host.count('removed_size', bytes, { data });
}

export function sayOverdue(
  host: StoreHost,
  { message, overdue }: Extract<StoreReply, { readonly kind: 'room_failed' }>,
): void {
  host.count('cleanup_failures', 1);
  if (overdue !== undefined) host.record('overdue', overdue);
  host.log('error', 'STORE_ROOM', `traces older than ring_age were not removed: ${message}`);
}

export function sayDamaged(host: StoreHost, damaged: number): void {
  if (damaged === 0) return;
  const files = damaged === 1 ? 'a file' : `${damaged} files`;
  host.log('warning', 'STORE_DAMAGED', `${files} of old decisions was torn or damaged and is deleted`);
}
