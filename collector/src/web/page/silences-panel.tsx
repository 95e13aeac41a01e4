// What holds alerts back now or will, and what people said of alerts.
import type { ComponentChildren } from 'preact';
import type { AccessAnswer, AlertsAnswer, Silence } from '../api.ts';
import { Outcome, useChange } from './change.tsx';
import { falseAlarmText, holding, matchersText, untilText, windowText } from './alert-words.ts';
import { count } from './format.ts';
import { byWho } from './who.ts';

interface SilencesPanelProps {
  readonly answer: AlertsAnswer;
  readonly access: AccessAnswer | undefined;
  readonly nowMs: number;
}

export function SilencesPanel({ answer, access, nowMs }: SilencesPanelProps): ComponentChildren {
  const { maintenance, holidayFrom, feedback } = answer;
  const silences = holding(answer.silences, nowMs);
  const { outcome, change } = useChange();
  const end = ({ id }: Silence): void =>
    void change(`api/silences/${encodeURIComponent(id)}`, byWho(), 'The silence is ended.', 'DELETE');
  return (
    <section class="panel">
      <h2>What nobody is told of</h2>
      {holidayFrom !== undefined && <p>It is a holiday: what is milder than {holidayFrom} is not told.</p>}
      {silences.length === 0 && maintenance.length === 0 && <p>There is no silence and no maintenance window.</p>}
      {silences.length > 0 && (
        <SilenceTable silences={silences} nowMs={nowMs} {...(access?.mayWrite === true ? { onEnd: end } : {})} />
      )}
      <Outcome outcome={outcome} />
      {maintenance.length > 0 && <Maintenance windows={maintenance} />}
      {feedback.length > 0 && <Feedback counts={feedback} />}
    </section>
  );
}

interface SilenceTableProps {
  readonly silences: readonly Silence[];
  readonly nowMs: number;
  /** Absent where nothing may be changed. */
  readonly onEnd?: (silence: Silence) => void;
}

function SilenceTable({ silences, nowMs, onEnd }: SilenceTableProps): ComponentChildren {
  return (
    <Table name="Silences" heads={['What', 'How long', 'Why', 'Who', 'End']}>
      {silences.map((silence) => (
        <tr key={silence.id}>
          <th scope="row">{matchersText(silence)}</th>
          <td>{untilText(silence, nowMs)}</td>
          <td>{silence.comment}</td>
          <td>{silence.isConfigured ? 'the configuration' : silence.by}</td>
          <td>
            {onEnd !== undefined && !silence.isConfigured && (
              <button
                type="button"
                aria-label={`End the silence of ${matchersText(silence)}`}
                onClick={() => onEnd(silence)}
              >
                End
              </button>
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Maintenance({ windows }: { windows: AlertsAnswer['maintenance'] }): ComponentChildren {
  return (
    <Table name="Maintenance windows" heads={['Name', 'What', 'When', 'Now']}>
      {windows.map((window) => (
        <tr key={window.name}>
          <th scope="row">{window.name}</th>
          <td>{matchersText(window)}</td>
          <td>{windowText(window)}</td>
          <td>{window.isOpen ? 'open' : ''}</td>
        </tr>
      ))}
    </Table>
  );
}

function Feedback({ counts }: { counts: AlertsAnswer['feedback'] }): ComponentChildren {
  return (
    <Table name="Were alerts useful?" heads={['Of', 'Useful', 'False alarms', 'Share of false alarms']} numbersFrom={1}>
      {counts.map((each) => (
        <tr key={each.key}>
          <th scope="row">{each.name}</th>
          <td class="number">{count(each.useful)}</td>
          <td class="number">{count(each.useless)}</td>
          <td class="number">{falseAlarmText(each)}</td>
        </tr>
      ))}
    </Table>
  );
}

interface TableProps {
  readonly name: string;
  readonly heads: readonly string[];
  /** Index of the first column of numbers. */
  readonly numbersFrom?: number;
  readonly children: ComponentChildren;
}

function Table({ name, heads, numbersFrom = Infinity, children }: TableProps): ComponentChildren {
  return (
    <>
      <h3>{name}</h3>
      <div class="sideways" tabIndex={0} role="region" aria-label={name}>
        <table>
          <caption class="hidden">{name}</caption>
          <thead>
            <tr>
              {heads.map((head, i) => (
                <th key={head} scope="col" class={i >= numbersFrom ? 'number' : ''}>
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{children}</tbody>
        </table>
      </div>
    </>
  );
}
