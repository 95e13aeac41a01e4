// Gathers what the metrics page shows: families of the stages, their instruments, and the process itself.
import type { MetricFamily } from '../model/metric-family.ts';
import type { Stage } from './contract.ts';
import type { EventLoop } from './event-loop.ts';
import type { Telemetry } from './telemetry.ts';

/**
 * Collects everything, stages first. Instruments are read after the stages, which set their gauges when collected.
 *
 * @param given names of metrics of the process that somebody else gives
 */
export function* collectAll(
  stages: readonly { readonly stage: Pick<Stage<never>, 'collect'> }[],
  telemetry: Telemetry,
  uptimeSeconds: number,
  eventLoop: Pick<EventLoop, 'families'>,
  given: ReadonlySet<string> = new Set(),
): Generator<MetricFamily> {
  for (const { stage } of stages) yield* stage.collect?.() ?? [];
  for (const { stage, name, spec, points } of telemetry.all()) {
    const { kind, unit, description } = spec;
    yield { name: `evenkeel.${stage}.${name}`, kind, unit, description, points };
  }
  for (const family of [...processFamilies(uptimeSeconds), ...eventLoop.families()])
    if (!given.has(family.name)) yield family;
}

/** What is told of the process, by names of OpenTelemetry's conventions. */
export function processFamilies(uptimeSeconds: number): MetricFamily[] {
  const { user, system } = process.cpuUsage();
  return [
    {
      name: 'process.cpu.time',
      unit: 's',
      kind: 'counter',
      description: 'CPU time of this sidecar.',
      points: [
        { attributes: { 'cpu.mode': 'user' }, value: user / 1e6 },
        { attributes: { 'cpu.mode': 'system' }, value: system / 1e6 },
      ],
    },
    {
      name: 'process.memory.usage',
      unit: 'By',
      kind: 'gauge',
      description: 'Resident memory of this sidecar.',
      points: [{ attributes: {}, value: process.memoryUsage.rss() }],
    },
    {
      name: 'process.uptime',
      unit: 's',
      kind: 'gauge',
      description: 'Time since this sidecar started.',
      points: [{ attributes: {}, value: uptimeSeconds }],
    },
  ];
}
