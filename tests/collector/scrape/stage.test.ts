// The stage with sound targets: what it asks, when, and what it passes on.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { pem, tlsFile } from '../../support/certificates.ts';
import { pointText } from '../../support/scraped.ts';
import { startScraping, startTarget, until } from '../../support/scrape-rig.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

describe('the stage', () => {
  it('passes on what a target exposes, and what Prometheus itself would add', async () => {
    const target = await startTarget('# TYPE c counter\nc{a="1"} 1\nc{a="1"} 2\nc{a="2"} NaN\nd 4\n');
    const rig = await startScraping({ name: 'shop', targets: [target.address], labels: { zone: 'z' } });
    const points = await rig.scrape('shop');
    expect(
      points.map((point) => pointText(point).replace(/ at .*/, '')).filter((text) => !/duration/.test(text)),
    ).toEqual([
      'sum c{a="1",zone="z"} 1',
      'gauge d{zone="z"} 4',
      'gauge up{zone="z"} 1',
      'gauge scrape_samples_scraped{zone="z"} 4',
      'gauge scrape_samples_post_metric_relabeling{zone="z"} 4',
      'gauge scrape_series_added{zone="z"} 2',
    ]);
    expect(rig.counts('dropped')).toEqual({ duplicate: 1, bad_value: 1 });
    expect(rig.counts('scrapes')).toEqual({ shop: 1 });
    expect(rig.read('points')).toBe(rig.points.length);
    expect(rig.read('series')).toBe(3);
    expect(rig.read('interval', { job: 'shop' })).toBe(15);
  });

  it('asks as Prometheus does, on one connection', async () => {
    const folder = temporaryFolder();
    await writeFile(join(folder, 'token'), 'secret-token\n');
    const target = await startTarget('a 1\n');
    const job = { name: 'shop', targets: [target.address], headers: { 'x-tenant': 'one' }, timeout: '2s' };
    const rig = await startScraping({ ...job, token_file: join(folder, 'token') });
    for (let i = 0; i < 3; i++) await rig.scrape('shop');
    expect(target.connections).toBe(1);
    expect(target.asked).toHaveLength(3);
    expect(target.asked[2]).toMatchObject({
      accept: expect.stringMatching(/^application\/openmetrics-text;.*text\/plain;/) as string,
      'accept-encoding': 'gzip',
      'x-prometheus-scrape-timeout-seconds': '2',
      authorization: 'Bearer secret-token',
      'x-tenant': 'one',
    });
    await writeFile(join(folder, 'token'), '');
    await rig.scrape('shop');
    expect(rig.counts('failed')).toEqual({ 'shop/token_file': 1 });
    expect(rig.log.join()).not.toContain('secret');
  });

  it('reads OpenMetrics in gzip', async () => {
    const target = await startTarget((_, response) => {
      const headers = { 'content-type': 'application/openmetrics-text; version=1.0.0', 'content-encoding': 'gzip' };
      response.writeHead(200, headers).end(gzipSync('# TYPE c counter\nc_total 3\nc_created 1800000000\n# EOF\n'));
    });
    const rig = await startScraping({ name: 'shop', targets: [`http://${target.address}/deep/page?x=y`] });
    const [point] = await rig.scrape('shop');
    expect(point && pointText(point).replace(/ at .*/, '')).toBe('sum c_total 3 since 0');
  });

  it('shows a certificate to a target that asks for one, and trusts whom it is told to', async () => {
    const [key, cert, ca] = [pem('server.key.pem'), pem('server.pem'), pem('ca.pem')];
    const target = await startTarget('a 1\n', { key, cert, ca, requestCert: true, rejectUnauthorized: true });
    const files = { cert_file: tlsFile('client.pem'), key_file: tlsFile('client.key.pem') };
    const targets = [`https://${target.address}`];
    const rig = await startScraping(
      { name: 'known', targets, tls: { ca_file: tlsFile('ca.pem'), ...files } },
      { name: 'unknown', targets, tls: { ca_file: tlsFile('ca.pem') } },
      { name: 'untrusting', targets, tls: files },
    );
    await rig.scrape('known', 'unknown', 'untrusting');
    expect(rig.read('scrapes', { job: 'known' })).toBeGreaterThan(0);
    expect(rig.read('failed', { job: 'known', reason: 'connect' })).toBe(0);
    for (const job of ['unknown', 'untrusting']) {
      expect(rig.read('scrapes', { job })).toBe(0);
      expect(rig.read('failed', { job, reason: 'connect' })).toBeGreaterThan(0);
    }
  });

  it('spreads its targets over the interval, and scrapes each once in it', async () => {
    const target = await startTarget('a 1\n');
    const paths = Array.from({ length: 8 }, (_, i) => `http://${target.address}/${i}`);
    const jobs = paths.map((path, i) => ({ name: `job-${i}`, targets: [path] }));
    const rig = await startScraping(...jobs);
    const names = jobs.map(({ name }) => name);
    await rig.scrape(...names);
    const times = new Set(rig.points.map(({ timeMs }) => timeMs));
    expect(times.size).toBeGreaterThan(4);
    await rig.scrape(...names);
    expect(rig.counts('scrapes')).toEqual(Object.fromEntries(names.map((name) => [name, 2])));
  });

  it('scrapes nothing unless it is told to, and ends twice', async () => {
    const rig = await startScraping();
    rig.clock.advance(60_000);
    await rig.stage.stop();
    await rig.stage.stop();
    expect(rig.points).toEqual([]);
  });

  it('ends while a target hangs', async () => {
    const target = await startTarget(() => {});
    const rig = await startScraping({ name: 'shop', targets: [target.address] });
    rig.step();
    await until(() => target.asked.length === 1);
    await rig.stage.stop();
    expect(rig.counts('failed')).toEqual({});
  });

  it('says when a target is up again', async () => {
    const target = await startTarget('!');
    const rig = await startScraping({ name: 'shop', targets: [target.address] });
    await rig.scrape('shop');
    await rig.scrape('shop');
    target.answer('a 1\n');
    await rig.scrape('shop');
    expect(rig.log).toEqual([
      expect.stringContaining(`${target.address} is down: line 1: no name of a metric (syntax)`),
      expect.stringContaining(`${target.address} is up again`),
    ]);
  });
});

describe('adaptive intervals', () => {
  it('grow while nothing moves, and shrink at once', async () => {
    let value = 100;
    const target = await startTarget(
      (_, response) => void response.writeHead(200, { 'content-type': 'text/plain' }).end(`a ${value}\n`),
    );
    const rig = await startScraping({ name: 'shop', targets: [target.address], adaptive: { max_interval: '60s' } });
    const intervals: number[] = [];
    const scrape = async (): Promise<void> => {
      await rig.scrape('shop');
      intervals.push(rig.read('interval', { job: 'shop' }));
    };
    for (let i = 0; i < 4; i++) await scrape();
    value = 104;
    await scrape();
    value = 110;
    await scrape();
    expect(intervals).toEqual([15, 30, 60, 60, 60, 15]);
    const passed = rig.points.filter(({ metric }) => metric.name === 'a');
    expect(passed.map((point) => point.value)).toMatchObject(
      [100, 100, 100, 104, 110].map((each) => ({ value: each })),
    );
    // The second scrape said nothing new but that no series was.
    expect(rig.read('points_saved')).toBe(5);
  });
});
