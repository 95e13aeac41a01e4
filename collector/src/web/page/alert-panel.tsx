// What a person does with an alert: sees who was told, takes it on, silences it, says whether it was useful.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { AccessAnswer, AlertsAnswer, AlertSummary, Violation } from '../api.ts';
import { judgedText, stateText, takenOnText, toldTexts } from './alert-words.ts';
import { Outcome, useChange } from './change.tsx';
import { Fact } from './fact.tsx';
import { SilenceForm } from './silence-form.tsx';
import { byWho, MAX_WHO, storedWho, storeWho } from './who.ts';

/** What all panels share. */
export interface Desk {
  readonly alerts: ReadonlyMap<string, AlertSummary>;
  readonly feedback: AlertsAnswer['feedback'];
  /** Undefined until it is known. */
  readonly access: AccessAnswer | undefined;
}

interface AlertPanelProps {
  readonly alert: AlertSummary;
  /** The likeliest cause; a silence begins with what it is of. */
  readonly cause: Violation;
  readonly desk: Desk;
  readonly nowMs: number;
}

export function AlertPanel({ alert, cause, desk, nowMs }: AlertPanelProps): ComponentChildren {
  const takenOn = takenOnText(alert);
  const judged = judgedText(desk.feedback.find(({ key }) => key === alert.subject.key));
  const told = toldTexts(alert);
  return (
    <section class="alert" aria-label={`Alert of ${alert.subject.name}`}>
      <h4>Alert</h4>
      <dl class="facts">
        <Fact name="State">{stateText(alert)}</Fact>
        <Fact name="Told">{told.length === 0 ? 'nobody' : told.map((each) => <div key={each}>{each}</div>)}</Fact>
        {takenOn !== undefined && <Fact name="Taken on">{takenOn}</Fact>}
        {judged !== undefined && <Fact name="Useful">{judged}</Fact>}
      </dl>
      {desk.access?.mayWrite === true && <Actions alert={alert} cause={cause} nowMs={nowMs} />}
      {desk.access?.mayWrite === false && <p class="note">Nothing can be changed from here: {desk.access.reason}.</p>}
    </section>
  );
}

type ActionsProps = Pick<AlertPanelProps, 'alert' | 'cause' | 'nowMs'>;

function Actions({ alert, cause, nowMs }: ActionsProps): ComponentChildren {
  const { outcome, change } = useChange();
  const [who, setWho] = useState(storedWho);
  const path = `api/alerts/${encodeURIComponent(alert.id)}`;
  const isOver = alert.state === 'resolved';
  const said = alert.feedback?.isUseful;
  const rate = (useful: boolean): void =>
    void change(`${path}/feedback`, { useful, ...byWho() }, useful ? 'It was useful.' : 'It was a false alarm.');
  return (
    <>
      <div class="actions">
        {!isOver && (
          <button
            type="button"
            disabled={alert.acknowledged !== undefined}
            onClick={() => void change(`${path}/acknowledge`, byWho(), 'You took it on.')}
          >
            {alert.acknowledged === undefined ? 'Acknowledge' : 'Acknowledged'}
          </button>
        )}
        <span role="group" aria-label="Was this useful?">
          Was this useful?{' '}
          <button type="button" aria-pressed={said === true} onClick={() => rate(true)}>
            Yes
          </button>{' '}
          <button type="button" aria-pressed={said === false} onClick={() => rate(false)}>
            No
          </button>
        </span>
        <label>
          Your name{' '}
          <input
            value={who}
            maxLength={MAX_WHO}
            placeholder="written beside what you change"
            autocomplete="name"
            onInput={(event) => {
              setWho(event.currentTarget.value);
              storeWho(event.currentTarget.value);
            }}
          />
        </label>
      </div>
      <Outcome outcome={outcome} />
      {!isOver && <SilenceForm alertId={alert.id} cause={cause} nowMs={nowMs} />}
    </>
  );
}
