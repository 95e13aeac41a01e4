// What a span costs over HTTP: CPU time and memory of a built sidecar, kept traces really delivered.
// At a steady rate and saturated; the sender shares the machine, but not the process.
import { Agent, request } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { BODY_SPANS, Dataset } from '../core/dataset.ts';
import { type Figure, summary } from '../figure.ts';
import { mebibytes, type Sidecar, startSidecar } from './sidecar.ts';

const RATE = 20_000;
const WARM_UP_SECONDS = 6;
/** Each is a sample; their spread is what is stated. */
const SAMPLES = 5;
const SAMPLE_SECONDS = 3;
const CONNECTIONS = 4;

/** Micro-seconds a span and MiB that design.md, section 7, allows; from other collectors on another run, so no gate. */
const ALLOWED = { plain: 1e6 / (4 * 69_000), gzip: 1e6 / (3 * 65_000), saturated: 1e6 / (8 * 70_000) };
/** 0.45 of what the OpenTelemetry Collector took, and the memory limit with what the bare process adds. */
const ALLOWED_MEBIBYTES = { steady: 0.45 * 567, saturated: 256 + 160 };

const gzipAsync = promisify(gzip);

export async function run(): Promise<Figure[]> {
  const data = new Dataset(160);
  const plain = await measure('20 k span/s', data, ALLOWED.plain, ALLOWED_MEBIBYTES.steady, (sidecar, seconds) =>
    sendAtRate(sidecar, seconds, async () => data.next(), {}),
  );
  const zipped = await measure('20 k span/s gzip', data, ALLOWED.gzip, ALLOWED_MEBIBYTES.steady, (sidecar, seconds) =>
    sendAtRate(sidecar, seconds, () => gzipAsync(data.next(), { level: 1 }), { 'content-encoding': 'gzip' }),
  );
  const saturated = await measure(
    'saturated',
    data,
    ALLOWED.saturated,
    ALLOWED_MEBIBYTES.saturated,
    (sidecar, seconds) => sendSaturating(sidecar, seconds, data),
  );
  return [...plain, ...zipped, ...saturated];
}

type Send = (sidecar: Sidecar, seconds: number) => Promise<number>;

async function measure(
  name: string,
  data: Dataset,
  allowedMicros: number,
  allowedMebibytes: number,
  send: Send,
): Promise<Figure[]> {
  const sidecar = await startSidecar();
  try {
    await send(sidecar, WARM_UP_SECONDS);
    const micros: number[] = [];
    const rates: number[] = [];
    for (let i = 0; i < SAMPLES; i++) {
      const before = { cpu: sidecar.cpuSeconds(), ms: performance.now() };
      const spans = await send(sidecar, SAMPLE_SECONDS);
      micros.push(((sidecar.cpuSeconds() - before.cpu) * 1e6) / spans);
      rates.push((spans * 1000) / (performance.now() - before.ms));
    }
    const peak = mebibytes(sidecar.peakBytes());
    if (sidecar.deliveredBytes() === 0) throw new Error('nothing was delivered');
    return [
      { name: `${name}: CPU`, ...summary(micros), unit: 'us/span', bound: allowedMicros },
      { name: `${name}: taken`, ...summary(rates), unit: 'span/s' },
      {
        name: `${name}: peak RSS`,
        value: peak,
        spread: 0,
        unit: 'MiB',
        bound: allowedMebibytes,
        holds: peak <= allowedMebibytes,
      },
    ];
  } finally {
    await sidecar.stop();
    data.renew();
  }
}

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

/** Sends bodies at their time, late ones at once; answers how many spans were taken. */
async function sendAtRate(
  sidecar: Sidecar,
  seconds: number,
  next: () => Promise<Buffer>,
  headers: Record<string, string>,
): Promise<number> {
  const bodies = Math.round((seconds * RATE) / BODY_SPANS);
  const startMs = performance.now();
  const open: Promise<void>[] = [];
  for (let i = 0; i < bodies; i++) {
    const waitMs = startMs + (i * BODY_SPANS * 1000) / RATE - performance.now();
    if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
    open.push(post(sidecar, await next(), headers));
  }
  await Promise.all(open);
  return bodies * BODY_SPANS;
}

async function sendSaturating(sidecar: Sidecar, seconds: number, data: Dataset): Promise<number> {
  const endMs = performance.now() + seconds * 1000;
  let bodies = 0;
  const sender = async (): Promise<void> => {
    for (; performance.now() < endMs; bodies++) await post(sidecar, data.next(), {});
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, sender));
  return bodies * BODY_SPANS;
}

function post({ url }: Sidecar, body: Buffer, headers: Record<string, string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const own = { 'content-type': 'application/x-protobuf', 'content-length': body.length };
    const sent = request(`${url}/v1/traces`, { method: 'POST', agent, headers: { ...own, ...headers } }, (response) => {
      response.resume();
      response.once('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`answered ${response.statusCode}`));
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
