// Figures at a glance, each with what it means.
import type { ComponentChildren } from 'preact';
import type { KpisAnswer } from '../api.ts';
import { CountTable } from './count-table.tsx';
import { Fact } from './fact.tsx';
import { bytes, count, duration, NONE, percent, seconds } from './format.ts';
import { type RuntimeRow, runtimeRows, short } from './kpi-figures.ts';

export function KpiPanel({ kpis }: { kpis: KpisAnswer }): ComponentChildren {
  const { memory, monitoringCpu, points, series } = kpis;
  return (
    <section class="panel">
      <h2>At a glance</h2>
      <dl class="facts">
        {points !== undefined && (
          <Fact name="Points a day" value={short(points.perDayAfter)}>
            are read of host and targets at the present pace; at their shortest interval it would be{' '}
            {short(points.perDayBefore)}, so {percent(points.savedRatio)} are saved
          </Fact>
        )}
        {monitoringCpu !== undefined && (
          <Fact name="Cost of reading" value={percent(monitoringCpu.usedRatio)}>
            of a core go into reading the host; at the shortest interval it would be{' '}
            {percent(monitoringCpu.usedRatio + monitoringCpu.savedRatio)}
          </Fact>
        )}
        {series !== undefined && (
          <Fact name="Series" value={count(series.after)}>
            are exposed; without limits it would be about {count(Math.round(series.before))}
          </Fact>
        )}
        <Fact name="Memory" value={bytes(memory.nowBytes)}>
          are resident in the sidecar; at most it had {bytes(memory.peakBytes)}
        </Fact>
      </dl>
      <Runtimes rows={runtimeRows(kpis)} />
      <Reuse reuse={kpis.reuse} />
      {kpis.paceSeconds > 0 && <p class="note">Paces are those of the last {paceText(kpis.paceSeconds)}.</p>}
    </section>
  );
}

function paceText(lastSeconds: number): string {
  return lastSeconds < 60 ? `${Math.round(lastSeconds)} s` : duration(lastSeconds * 1000);
}

function Runtimes({ rows }: { rows: readonly RuntimeRow[] }): ComponentChildren {
  if (rows.length === 0) return null;
  return (
    <>
      <h3>Runtimes</h3>
      <CountTable
        caption="Runtimes by process"
        hidesCaption
        nameColumn="Process"
        columns={['Collections an hour', 'Loop delay p99', 'Loop in use']}
        rows={rows.map((row) => ({
          id: `${row.service} ${row.instance}`,
          name: <Sender {...row} />,
          cells: [
            row.collectionsPerHour === undefined ? NONE : count(Math.round(row.collectionsPerHour)),
            row.delayP99Seconds === undefined ? NONE : seconds(row.delayP99Seconds),
            row.utilizationRatio === undefined ? NONE : percent(row.utilizationRatio),
          ],
        }))}
      />
    </>
  );
}

/** Says nothing where nobody reports it. */
function Reuse({ reuse }: { reuse: KpisAnswer['reuse'] }): ComponentChildren {
  if (reuse.length === 0) return null;
  return (
    <>
      <h3>Reuse of connections and pooled objects</h3>
      <CountTable
        caption="Reuse by pool"
        hidesCaption
        nameColumn="Pool"
        columns={['Reused', 'Of uses']}
        rows={reuse.map(({ service, instance, kind, name, metric, ratio, uses }) => ({
          id: JSON.stringify([service, instance, name, metric]),
          name: (
            <>
              {name === '' ? kind : `${kind}, ${name}`}
              <span class="below">
                <Sender service={service} instance={instance} />
              </span>
            </>
          ),
          cells: [percent(ratio), uses === undefined ? NONE : count(uses)],
        }))}
      />
    </>
  );
}

function Sender({ service, instance }: { service: string; instance: string }): ComponentChildren {
  return (
    <>
      {service === '' ? '(no name)' : service} <span class="service">{instance}</span>
    </>
  );
}
