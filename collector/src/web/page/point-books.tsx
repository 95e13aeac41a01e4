// The books of data points: from where they come in, room by room, to where they go.
import type { ComponentChildren } from 'preact';
import type { ExporterPoints, PointBooks, RoomPoints } from '../api.ts';
import { Equation, Reasons } from './equation.tsx';
import { count, counted } from './format.ts';

export function PointBooksPanel({ points }: { points: PointBooks }): ComponentChildren {
  const { accepted, sources, rejected, limit, aggregate, exported, exporters } = points;
  return (
    <section class="panel">
      <h2>Data points</h2>
      <p>
        <span class="value">{count(accepted)}</span> accepted: {count(sources.received)} received,{' '}
        {count(sources.scraped)} scraped, {count(sources.read)} read of the host.
      </p>
      {rejected > 0 && (
        <p class="note">
          {counted(rejected, 'data point')} of accepted bodies contradicted {rejected === 1 ? 'itself' : 'themselves'}{' '}
          and {rejected === 1 ? 'was' : 'were'} left out.
        </p>
      )}
      {limit !== undefined && <Room title="Through the limits" room={limit} />}
      {aggregate !== undefined && <Room title="Through the aggregation" room={aggregate} />}
      <h3>To the end</h3>
      <Equation
        total={{ name: 'passed on', value: exported.in }}
        parts={[{ name: 'taken', value: exported.taken }]}
        balanced={exported.balanced}
      />
      <Reasons title="Taken, but in no series that is shown" counts={exported.leftOut} none="" />
      {exporters.map((exporter) => (
        <Exporter key={exporter.name} exporter={exporter} />
      ))}
    </section>
  );
}

function Room({ title, room }: { title: string; room: RoomPoints }): ComponentChildren {
  const { passed, absorbed, dropped, held, emitted, balanced } = room;
  return (
    <>
      <h3>{title}</h3>
      <Equation
        total={{ name: 'came in', value: room.in }}
        parts={[
          { name: 'passed', value: passed },
          { name: 'absorbed', value: absorbed },
          { name: 'dropped', value: sum(dropped) },
          { name: 'held', value: held },
        ]}
        balanced={balanced}
      />
      <div class="columns">
        {sum(dropped) > 0 && <Reasons title="Dropped points by reason" counts={dropped} none="" />}
        {emitted > 0 && <p>{count(emitted)} made in their place and passed on.</p>}
      </div>
    </>
  );
}

function Exporter({ exporter }: { exporter: ExporterPoints }): ComponentChildren {
  const { name, pushed, delivered, rejected, failed, queued, balanced } = exporter;
  return (
    <>
      <h3>Exporter {name}</h3>
      <Equation
        total={{ name: 'pushed', value: pushed }}
        parts={[
          { name: 'delivered', value: delivered },
          { name: 'rejected', value: rejected },
          { name: 'failed', value: sum(failed) },
          { name: 'queued', value: queued },
        ]}
        balanced={balanced}
      />
      {sum(failed) > 0 && <Reasons title="Failed points by reason" counts={failed} none="" />}
    </>
  );
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, value) => total + value, 0);
}
