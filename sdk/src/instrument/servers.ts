// Attributes of the servers that connections lead to, a bounded number of them.
import type { Attributes } from '@opentelemetry/api';
import { OTHER, RESOURCE_ATTRIBUTE } from '../names.ts';

/** A program that fetches whatever its users name must not make series of each. */
const MAX_SERVERS = 200;
const REST: Attributes = { [RESOURCE_ATTRIBUTE.serverAddress]: OTHER };
const known = new Map<string, Attributes>();

/** @param port of the scheme where it is not known otherwise */
export function serverOf(address: string, port: number | undefined): Attributes {
  const id = `${address}:${port}`;
  let attributes = known.get(id);
  if (attributes !== undefined) return attributes;
  if (known.size >= MAX_SERVERS) return REST;
  attributes = {
    [RESOURCE_ATTRIBUTE.serverAddress]: address,
    ...(port !== undefined && { [RESOURCE_ATTRIBUTE.serverPort]: port }),
  };
  known.set(id, attributes);
  return attributes;
}

/** @param origin as in `https://example.com:8443`, or a URL */
export function serverOfOrigin(origin: unknown): Attributes {
  const text = typeof origin === 'string' || origin instanceof URL ? String(origin) : '';
  if (!URL.canParse(text)) return REST;
  const { hostname, port, protocol } = new URL(text);
  return serverOf(hostname.replace(/^\[|\]$/g, ''), port === '' ? portOf(protocol) : Number(port));
}

/** @param protocol with its colon, as in `https:` */
export function portOf(protocol: unknown): number | undefined {
  if (protocol === 'https:') return 443;
  return protocol === 'http:' ? 80 : undefined;
}
