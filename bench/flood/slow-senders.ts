// Senders that begin a request and hardly go on: they hold what a door gives them.
import { type ClientRequest, request } from 'node:http';

/** Announced, so that a door that reserves by length reserves much. */
const BODY_BYTES = 256 * 1024;
const DRIP_BYTES = 512;
const DRIP_MS = 1000;
/** One that was cut off comes again after this. */
const AGAIN_MS = 500;

/** Opens that many; each comes again until they are stopped. */
export function startSlowSenders(url: string, count: number): { stop(): void } {
  const open = new Set<ClientRequest>();
  let isStopped = false;
  const begin = (): void => {
    if (isStopped) return;
    const sent = request(`${url}/v1/traces`, {
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/x-protobuf', 'content-length': BODY_BYTES },
    });
    open.add(sent);
    let isOver = false;
    const again = (): void => {
      if (isOver) return;
      isOver = true;
      open.delete(sent);
      sent.destroy();
      setTimeout(begin, AGAIN_MS);
    };
    sent.on('response', (response) => response.resume().once('close', again));
    sent.on('error', again);
    sent.on('close', again);
    sent.flushHeaders();
  };
  for (let i = 0; i < count; i++) begin();
  const drip = setInterval(() => {
    for (const sent of open) sent.write(Buffer.alloc(DRIP_BYTES));
  }, DRIP_MS);
  return {
    stop() {
      isStopped = true;
      clearInterval(drip);
      for (const sent of open) sent.destroy();
    },
  };
}
