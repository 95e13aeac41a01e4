// Which counters say that data is lost, of whom, and what is to be done about it.
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../collector/src/config/load.ts';
import { lossSources } from '../../../collector/src/pipeline/loss-sources.ts';
import { ROOMS } from '../../../collector/src/pipeline/rooms.ts';
import { Telemetry } from '../../../collector/src/pipeline/telemetry.ts';

const YAML = `
export:
  otlp: { backend: { endpoint: "http://127.0.0.1:9" } }
  remote_write: { prom: { url: "http://127.0.0.1:9/w" } }
`;

function sourcesOf(yaml: string) {
  const telemetry = new Telemetry();
  for (const { name, instruments } of ROOMS) telemetry.declare(name, instruments);
  const config = parseConfig(yaml, 'test.yaml');
  const names = [...Object.keys(config.export.otlp), ...Object.keys(config.export.remote_write)];
  const queues = names.map((name) => ({ name, fill: 0.5, isFailing: name === 'prom' }));
  const sources = lossSources(config, telemetry, queues);
  /** Counts one, and answers whose loss it is. */
  const count = (stage: string, name: string, attributes: Record<string, string>): string[] => {
    const before = sources.map((source) => source.lost());
    telemetry.add(stage, name, 1, attributes);
    return sources.filter((source, i) => source.lost() === (before[i] ?? 0) + 1).map(({ subject }) => subject.name);
  };
  return { sources, count };
}

describe('what is lost', () => {
  it('is what exporters give up, each its own, but not what a stop leaves behind or a receiver does not take', () => {
    const { count } = sourcesOf(YAML);
    const backend = (reason: string) => count('export', 'failed', { exporter: 'backend', reason });
    const prom = (reason: string) => count('export', 'points_failed', { exporter: 'prom', reason });
    expect(['queue_full', 'retries', 'internal'].flatMap(backend)).toEqual([
      'exporter backend',
      'exporter backend',
      'exporter backend',
    ]);
    expect(['queue_full', 'retries', 'internal'].flatMap(prom)).toEqual([
      'exporter prom',
      'exporter prom',
      'exporter prom',
    ]);
    expect(['stop'].map(backend)).toEqual([[]]);
    expect(['stop', 'unsupported', 'not_newer', 'label_conflict'].map(prom)).toEqual([[], [], [], []]);
    expect(count('export', 'dropped', { signal: 'logs', reason: 'failed' })).toEqual(['export of logs']);
    expect(count('export', 'dropped', { signal: 'logs', reason: 'unsupported' })).toEqual([]);
  });

  it('is what has no room or cannot be written, where the room is on', () => {
    const { count } = sourcesOf(YAML);
    expect(count('limit', 'dropped', { reason: 'state_full' })).toEqual(['limit']);
    expect(count('limit', 'dropped', { reason: 'not_finite' })).toEqual([]);
    expect(count('store', 'dropped', { reason: 'failed' })).toEqual(['store']);
    // The ring is a peephole: exporters got these all the same.
    expect(count('store', 'dropped', { reason: 'queue_full' })).toEqual([]);
    expect(count('store', 'state_dropped', { reason: 'failed' })).toEqual(['store']);
    expect(count('store', 'decisions_dropped', { reason: 'failed' })).toEqual(['store of decisions']);
    expect(count('store', 'decisions_dropped', { reason: 'queue_full' })).toEqual(['store of decisions']);
    expect(sourcesOf('store: false\nlimit: false').sources).toEqual([]);
  });

  it('says where to turn, and which queue it is of', () => {
    const { sources } = sourcesOf(YAML);
    const [backend, prom] = sources;
    expect(backend?.advice).toContain('max_queue and retry_elapsed of export.otlp.backend');
    expect(prom?.advice).toContain('export.remote_write.prom');
    expect([backend?.queue?.(), prom?.queue?.()]).toEqual([
      { fill: 0.5, isFailing: false },
      { fill: 0.5, isFailing: true },
    ]);
    expect(new Set(sources.map(({ subject }) => subject.key)).size).toBe(sources.length);
  });
});
