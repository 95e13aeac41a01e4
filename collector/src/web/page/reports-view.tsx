// Reports of days, weeks and months: one at a time, as it is sent by mail, and to be taken away as a file.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { KnownReport, ReportDocument, ReportsAnswer } from '../api.ts';
import { useAnswer } from './answer.ts';
import { Waiting } from './empty-state.tsx';
import { More } from './more.tsx';
import { NotRefreshed } from './not-refreshed.tsx';
import { chosenReport, DOWNLOADS, reportLink, reportName, reportUrl } from './report-choice.ts';
import type { ReportsRoute } from './route.ts';

const ROWS_AT_FIRST = 20;

type Section = ReportDocument['sections'][number];
type Table = NonNullable<Section['table']>;

export function ReportsView({ route }: { route: ReportsRoute }): ComponentChildren {
  const loaded = useAnswer<ReportsAnswer>('api/reports', (shown) => shown === undefined);
  const { answer, status, problem } = loaded;
  const chosen = answer && chosenReport(answer.reports, route);
  return (
    <>
      <h1>Reports</h1>
      {status === 404 ? <ReportsOff /> : <NotRefreshed loaded={loaded} />}
      {answer === undefined && problem === '' && <Waiting>Asking which reports there are…</Waiting>}
      {answer !== undefined && <Choice reports={answer.reports} chosen={chosen} />}
      {answer !== undefined && chosen === undefined && <p class="waiting">Nothing is known of this time.</p>}
      {chosen !== undefined && <Report key={reportLink(chosen)} report={chosen} />}
    </>
  );
}

function ReportsOff(): ComponentChildren {
  return (
    <section class="empty">
      <h2>Reports are off</h2>
      <p>
        Nothing is gathered for reports, because the configuration says <code>report: false</code>. Take it out to see
        here what happened on each day, in each week and month.
      </p>
    </section>
  );
}

interface ChoiceProps {
  readonly reports: readonly KnownReport[];
  readonly chosen: KnownReport | undefined;
}

function Choice({ reports, chosen }: ChoiceProps): ComponentChildren {
  return (
    <div class="filters">
      <label>
        Report{' '}
        <select
          value={chosen === undefined ? '' : reportLink(chosen)}
          onChange={({ currentTarget }) => (location.hash = currentTarget.value)}
        >
          {chosen === undefined && <option value="">choose one</option>}
          {reports.map((report) => (
            <option key={reportLink(report)} value={reportLink(report)}>
              {reportName(report)}
            </option>
          ))}
        </select>
      </label>
      {chosen !== undefined &&
        DOWNLOADS.map(({ format, name, ending }) => (
          <a key={format} href={reportUrl(chosen, format)} download={`${chosen.kind}-${chosen.date}.${ending}`}>
            {name}
          </a>
        ))}
    </div>
  );
}

function Report({ report }: { report: KnownReport }): ComponentChildren {
  // What is over does not change, and to make a month's is work: whoever wants it newer reloads.
  const loaded = useAnswer<ReportDocument>(reportUrl(report, 'document'), (shown) => shown === undefined);
  const { answer, problem } = loaded;
  return (
    <>
      <NotRefreshed loaded={loaded} />
      {answer === undefined && problem === '' && <Waiting>Making the report…</Waiting>}
      {answer !== undefined && (
        <article class="report">
          <h2>{answer.title}</h2>
          <ul>
            {answer.summary.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
          {answer.sections.map((section) => (
            <ReportSection key={section.id} section={section} />
          ))}
        </article>
      )}
    </>
  );
}

function ReportSection({ section: { title, sentences, table } }: { section: Section }): ComponentChildren {
  return (
    <section>
      <h3>{title}</h3>
      {sentences.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      {table !== undefined && table.rows.length > 0 && <ReportTable title={title} table={table} />}
    </section>
  );
}

function ReportTable({ title, table: { columns, rows, more } }: { title: string; table: Table }): ComponentChildren {
  const [limit, setLimit] = useState(ROWS_AT_FIRST);
  return (
    <>
      <div class="sideways" tabIndex={0} role="region" aria-label={title}>
        <table>
          <thead>
            <tr>
              {columns.map(({ id, title: name, align }) => (
                <th key={id} scope="col" class={align === undefined ? '' : 'number'}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, limit).map((row, i) => (
              <tr key={i}>
                {row.map(({ text, tone }, at) => (
                  <td key={columns[at]?.id} class={classOf(columns[at]?.align, tone)}>
                    {text}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <More limit={limit} step={ROWS_AT_FIRST} of={rows.length} noun="row" onMore={setLimit} />
      {more > 0 && <p class="note">and {more} more that are not listed</p>}
    </>
  );
}

function classOf(align: string | undefined, tone: string | undefined): string {
  return [align === undefined ? '' : 'number', tone ?? ''].filter((name) => name !== '').join(' ');
}
