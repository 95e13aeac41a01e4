// Resources: what host and processes use, over the last minutes, and what reading them costs and saves.
import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { KpisAnswer, ResourceLinesAnswer, ResourcesAnswer } from '../api.ts';
import { useAnswer } from './answer.ts';
import { CountTable } from './count-table.tsx';
import { Waiting } from './empty-state.tsx';
import type { LiveFeed } from './feed.ts';
import { counted } from './format.ts';
import { useFeed } from './hooks.ts';
import { KpiPanel } from './kpi-panel.tsx';
import { NotRefreshed } from './not-refreshed.tsx';
import { ResourceBaselines } from './resource-baselines.tsx';
import { chartsOf, newestText, quantityText, type ResourceChart, restOf } from './resource-charts.ts';
import { newestOf } from './resource-lines.ts';
import { TimeChart } from './time-chart.tsx';

/** Powers of two, so that marks are whole numbers of KiB, MiB and GiB. */
const BYTE_STEPS = Array.from({ length: 50 }, (_, power) => 2 ** power);
const COLOURS = ['--chart-1', '--chart-2', '--chart-3', '--quiet-ink'];

type Sender = NonNullable<ResourcesAnswer['sender']>;

export function ResourcesView({ feed }: { feed: LiveFeed }): ComponentChildren {
  const { phase } = useFeed(feed);
  const [chosen, setChosen] = useState<Sender>({ service: '', instance: '' });
  const isRunning = (): boolean => phase !== 'paused';
  const kpis = useAnswer<KpisAnswer>('api/kpis', isRunning);
  const resources = useAnswer<ResourcesAnswer>(`api/resources?${new URLSearchParams({ ...chosen })}`, isRunning);
  const lines = useAnswer<ResourceLinesAnswer>('api/resources/baselines', isRunning);
  return (
    <>
      <h1>Resources</h1>
      <NotRefreshed loaded={resources} />
      {resources.answer === undefined && resources.problem === '' && <Waiting>Asking for readings…</Waiting>}
      <div class={phase === 'live' ? 'resources' : 'resources old'}>
        {kpis.answer !== undefined && <KpiPanel kpis={kpis.answer} />}
        {lines.answer !== undefined && <ResourceBaselines answer={lines.answer} />}
        {resources.answer !== undefined && <Readings answer={resources.answer} onChoose={setChosen} />}
      </div>
    </>
  );
}

interface ReadingsProps {
  readonly answer: ResourcesAnswer;
  readonly onChoose: (sender: Sender) => void;
}

function Readings({ answer, onChoose }: ReadingsProps): ComponentChildren {
  const charts = useMemo(() => chartsOf(answer), [answer]);
  if (answer.senders.length === 0) return <NoReadings />;
  return (
    <>
      <SenderChoice answer={answer} onChoose={onChoose} />
      {charts.length > 0 && (
        <section class="panel" aria-label="Charts">
          <div class="charts resource-charts">
            {charts.map((chart) => (
              <Chart key={chart.title} chart={chart} maxSeconds={answer.historySeconds} />
            ))}
          </div>
        </section>
      )}
      <OtherReadings answer={answer} />
      {answer.leftOut > 0 && (
        <p class="note">
          {counted(answer.leftOut, 'series', 'series')} found no room in the short memory behind this view. They are
          exported all the same.
        </p>
      )}
    </>
  );
}

interface ChartProps {
  readonly chart: ResourceChart;
  readonly maxSeconds: number;
}

function Chart({ chart, maxSeconds }: ChartProps): ComponentChildren {
  const { title, quantity, times, lines } = chart;
  const now = lines.map((line) => `${line.label} ${quantityText(newestOf(line), quantity)}`).join(', ');
  return (
    <TimeChart
      title={title}
      summary={`${title} over the last minutes, now ${now}`}
      times={times}
      lines={lines.map((line, i) => ({ ...line, colour: COLOURS[i] ?? '--quiet-ink' }))}
      format={(value) => quantityText(value, quantity)}
      {...(quantity.startsWith('bytes') ? { steps: BYTE_STEPS } : {})}
      maxSeconds={maxSeconds}
    />
  );
}

function SenderChoice({ answer, onChoose }: ReadingsProps): ComponentChildren {
  const { senders, sender } = answer;
  const idOf = ({ service, instance }: Sender): string => JSON.stringify([service, instance]);
  return (
    <div class="filters">
      <label>
        Readings of
        <select
          value={sender === undefined ? '' : idOf(sender)}
          onChange={(event) => {
            const id = event.currentTarget.value;
            const found = senders.find((each) => idOf(each) === id);
            if (found !== undefined) onChoose({ service: found.service, instance: found.instance });
          }}
        >
          {senders.map((each) => (
            <option key={idOf(each)} value={idOf(each)}>
              {each.service === '' ? '(no name)' : each.service} {each.instance}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function OtherReadings({ answer }: { answer: ResourcesAnswer }): ComponentChildren {
  const rest = restOf(answer);
  if (rest.length === 0) return null;
  return (
    <details class="panel readings">
      <summary>{counted(rest.length, 'other reading')}</summary>
      <CountTable
        caption="Newest values of what is in no chart"
        hidesCaption
        nameColumn="Metric"
        columns={['Now']}
        rows={rest.map((series) => ({
          id: JSON.stringify([series.metric, series.attributes]),
          name: (
            <>
              {series.metric}
              <span class="service below">
                {Object.entries(series.attributes)
                  .map(([key, value]) => `${key}=${value}`)
                  .join(' ')}
              </span>
            </>
          ),
          cells: [newestText(series)],
        }))}
      />
    </details>
  );
}

function NoReadings(): ComponentChildren {
  return (
    <section class="empty">
      <h2>No readings yet</h2>
      <p>
        The sidecar reads its host and itself unless the configuration says <code>monitoring: false</code>; services
        show up here as soon as they send metrics named <code>process.*</code>, <code>nodejs.*</code> or{' '}
        <code>v8js.*</code>.
      </p>
    </section>
  );
}
