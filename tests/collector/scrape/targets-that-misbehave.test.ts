// Targets that play foul, each beside one that does not: counted by reason, down, and nobody else notices.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Play, startScraping, startTarget, until } from '../../support/scrape-rig.ts';
import { pointText } from '../../support/scraped.ts';

const MIB = 1024 ** 2;

/** Scrapes a target that plays foul after one good scrape, beside a sound one. @returns why it failed */
async function check(play: Play, options: Record<string, unknown> = {}): Promise<Record<string, number>> {
  const { hangs = false, ...job } = options;
  // On a connection of its own each, so that what a play does to one is seen by the scrape that it is meant for.
  const closing = { 'content-type': 'text/plain', connection: 'close' };
  const foul = await startTarget((_, response) => void response.writeHead(200, closing).end('a 1\n'));
  const sound = await startTarget('a 1\n');
  const rig = await startScraping(
    { name: 'foul', targets: [foul.address], ...job },
    { name: 'sound', targets: [sound.address], interval: '1s' },
  );
  await rig.scrape('foul');
  foul.answer(play);
  const [askedBefore, from] = [foul.asked.length, rig.points.length];
  const soundIsOver = (): boolean => rig.over('sound') === rig.begun - foul.asked.length;
  while (foul.asked.length === askedBefore) {
    rig.step();
    await until(soundIsOver);
  }
  // The sound one is scraped again and again while the other plays.
  for (const wanted = rig.over('sound') + 2; rig.over('sound') < wanted;) {
    rig.step();
    await until(soundIsOver);
  }
  const patienceEnds = hangs === true ? 60_000 : 0;
  while (rig.over('foul') < 2 && rig.clock.monotonicMs() < patienceEnds) {
    const { begun } = rig;
    rig.step();
    await until(() => (rig.begun > begun ? soundIsOver() : rig.over('foul') === 2));
  }
  await until(() => rig.over('foul') === 2);
  expect(rig.counts('scrapes')).toEqual({ foul: 1, sound: rig.over('sound') });
  const seen = rig.points.slice(from).filter(({ metric }) => {
    return metric.resource.attributes.some(([, value]) => value === 'foul');
  });
  const texts = seen.map((point) => pointText(point).replace(/ at .*/, ''));
  expect(texts.filter((text) => !text.includes('duration'))).toEqual([
    'gauge a gone',
    'gauge up 0',
    'gauge scrape_samples_scraped 0',
    'gauge scrape_samples_post_metric_relabeling 0',
    'gauge scrape_series_added 0',
  ]);
  expect(rig.log.filter((line) => line.includes('is down'))).toHaveLength(1);
  return rig.counts('failed');
}

const page =
  (body: string | Uint8Array, headers: Record<string, string> = {}): Play =>
  (_, response) =>
    void response.writeHead(200, { 'content-type': 'text/plain', ...headers }).end(body);

describe('a target', () => {
  it('that sends without end is cut off at max_body', async () => {
    let sentBytes = 0;
    const flood: Play = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      const piece = Buffer.alloc(64 * 1024, 'a 1\n');
      const send = (): void => {
        while (sentBytes < 1024 * MIB && !response.destroyed) {
          sentBytes += piece.length;
          if (!response.write(piece)) return void response.once('drain', send);
        }
      };
      send();
    };
    expect(await check(flood, { max_body: '1MiB' })).toEqual({ 'foul/body_too_large': 1 });
    // What lies in buffers of sockets comes on top.
    expect(sentBytes).toBeLessThan(32 * MIB);
  });

  it('that says it will send 1 GB is not listened to', async () => {
    const play: Play = (_, response) =>
      void response
        .writeHead(200, { 'content-type': 'text/plain', 'content-length': String(1024 * MIB) })
        .flushHeaders();
    expect(await check(play)).toEqual({ 'foul/body_too_large': 1 });
  });

  it('that sends a bomb is cut off at max_body', async () => {
    const bomb = gzipSync(Buffer.alloc(8 * MIB, 'a 1\n'));
    expect(await check(page(bomb, { 'content-encoding': 'gzip' }), { max_body: '1MiB' })).toEqual({
      'foul/body_too_large': 1,
    });
  });

  it('that hangs is given up', async () => {
    expect(await check(() => {}, { hangs: true })).toEqual({ 'foul/timeout': 1 });
    expect(await check(() => {}, { interval: '5s', hangs: true })).toEqual({ 'foul/timeout': 1 });
  });

  it('that sends slowly for ever is given up', async () => {
    const play: Play = (_, response) => void response.writeHead(200, { 'content-type': 'text/plain' }).write('a 1\n');
    expect(await check(play, { timeout: '3s', hangs: true })).toEqual({ 'foul/timeout': 1 });
  });

  it('that redirects is not followed', async () => {
    const play: Play = (_, response) => void response.writeHead(302, { location: '/elsewhere' }).end();
    expect(await check(play)).toEqual({ 'foul/redirect': 1 });
  });

  it('that fails is down', async () => {
    expect(await check((_, response) => void response.writeHead(503).end('a 1\n'))).toEqual({ 'foul/http_status': 1 });
    const endless: Play = (_, response) => void response.writeHead(500).write('a 1\n');
    expect(await check(endless)).toEqual({ 'foul/http_status': 1 });
    expect(await check((request) => void request.socket.resetAndDestroy())).toEqual({ 'foul/connect': 1 });
  });

  it('that stops half-way is down', async () => {
    const short: Play = (_, response) => {
      response
        .writeHead(200, { 'content-type': 'text/plain', 'content-length': '100' })
        .write('a 1\n', () => response.destroy());
    };
    expect(await check(short)).toEqual({ 'foul/connect': 1 });
    const half = gzipSync(Buffer.alloc(100_000, 'a 1\n'));
    expect(await check(page(half.subarray(0, 60), { 'content-encoding': 'gzip' }))).toEqual({ 'foul/compression': 1 });
  });

  it('that sends something else is down', async () => {
    expect(await check(page('<html>', { 'content-type': 'text/html' }))).toEqual({ 'foul/content_type': 1 });
    expect(await check(page('<html>'))).toEqual({ 'foul/syntax': 1 });
    expect(await check(page(Buffer.from('b{c="\xff"} 1\n', 'latin1')))).toEqual({ 'foul/bad_utf8': 1 });
    expect(await check(page('a 1\n', { 'content-encoding': 'br' }))).toEqual({ 'foul/compression': 1 });
    expect(await check(page('a 1\n', { 'content-encoding': 'gzip' }))).toEqual({ 'foul/compression': 1 });
    const open = { 'content-type': 'application/openmetrics-text; version=1.0.0' };
    expect(await check(page('a 1\n', open))).toEqual({ 'foul/truncated': 1 });
  });

  it('that sends more than its share is down', async () => {
    const many = Array.from({ length: 101 }, (_, i) => `a{i="${i}"} 1`).join('\n');
    expect(await check(page(many), { max_samples: 100 })).toEqual({ 'foul/too_many_samples': 1 });
    expect(await check(page(`a{b="${'x'.repeat(20)}"} 1`), { max_label_value: '16B' })).toEqual({
      'foul/label_limit': 1,
    });
  });
});
