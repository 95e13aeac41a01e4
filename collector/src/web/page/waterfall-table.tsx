// The waterfall as a table: a row a span, its detail below it on request.
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { SpanJson } from '../api.ts';
import { count, counted, duration } from './format.ts';
import { Mark } from './mark.tsx';
import { More } from './more.tsx';
import { SpanDetail } from './span-detail.tsx';
import { type Cut, cutAround, extentMs, layOut, nextError, type WaterfallRow } from './waterfall.ts';

/** Rows drawn at first and added on request: beyond some thousands a browser feels it. */
const ROWS = 500;
/** Deeper spans are indented no further, or nothing is left of the name. */
const MAX_INDENT = 12;
const PALETTE = 8;
const TICKS = [0, 0.25, 0.5, 0.75] as const;

export function Waterfall({ spans }: { spans: readonly SpanJson[] }): ComponentChildren {
  const rows = useMemo(() => layOut(spans), [spans]);
  const colours = useMemo(
    () => new Map([...new Set(spans.map((span) => span.service))].map((name, i) => [name, i % PALETTE])),
    [spans],
  );
  const [cut, setCut] = useState<Cut>({ from: 0, to: ROWS });
  const [open, setOpen] = useState<number>();
  const { body, seek } = useSeek();
  const goToError = (): void => {
    const next = nextError(rows, open ?? -1);
    if (next === undefined) return;
    seek(next);
    setCut(cutAround(cut, next, ROWS));
    setOpen(next);
  };
  return (
    <section aria-label="Waterfall">
      <Findings rows={rows} colours={colours} onNextError={goToError} />
      {cut.from > 0 && (
        <p class="more">
          {counted(cut.from, 'earlier span')} not shown.{' '}
          <button type="button" onClick={() => setCut({ from: Math.max(0, cut.from - ROWS), to: cut.to })}>
            Show {count(Math.min(ROWS, cut.from))} earlier
          </button>
        </p>
      )}
      <div class="scroll" tabIndex={0} role="region" aria-label="Spans">
        <table class="waterfall">
          <caption class="hidden">Spans in the order of the calls; a span’s button opens its detail.</caption>
          <Head extent={extentMs(spans)} />
          <tbody ref={body}>
            {rows.slice(cut.from, cut.to).map((row, i) => {
              const index = cut.from + i;
              return (
                <Row
                  key={index}
                  row={row}
                  index={index}
                  colour={colours.get(row.span.service) ?? 0}
                  isOpen={open === index}
                  onToggle={() => setOpen(open === index ? undefined : index)}
                />
              );
            })}
          </tbody>
        </table>
      </div>
      <More
        from={cut.from}
        limit={cut.to}
        step={ROWS}
        of={rows.length}
        noun="span"
        onMore={(to) => setCut({ from: cut.from, to })}
      />
    </section>
  );
}

interface FindingsProps {
  readonly rows: readonly WaterfallRow[];
  readonly colours: ReadonlyMap<string, number>;
  readonly onNextError: () => void;
}

function Findings({ rows, colours, onNextError }: FindingsProps): ComponentChildren {
  const errors = rows.filter((row) => row.isError).length;
  const orphans = rows.filter((row) => row.isOrphan).length;
  return (
    <>
      <div class="filters">
        {errors > 0 && (
          <button type="button" onClick={onNextError}>
            Next error span ({count(errors)})
          </button>
        )}
        <Legend colours={colours} />
      </div>
      {orphans > 0 && (
        <p class="note">
          {counted(orphans, 'span')} marked “parent missing”: the parent never arrived, or was sent to another sidecar.
        </p>
      )}
    </>
  );
}

/** Moves the focus to a row once that row is drawn. */
function useSeek(): { readonly body: RefObject<HTMLTableSectionElement | null>; seek(index: number): void } {
  const body = useRef<HTMLTableSectionElement>(null);
  const sought = useRef<number | undefined>(undefined);
  useEffect(() => {
    if (sought.current === undefined) return;
    const button = body.current?.querySelector<HTMLElement>(`[data-row="${sought.current}"]`);
    sought.current = undefined;
    button?.focus();
    button?.scrollIntoView({ block: 'center' });
  });
  return { body, seek: (index) => void (sought.current = index) };
}

function Legend({ colours }: { colours: ReadonlyMap<string, number> }): ComponentChildren {
  return (
    <ul class="legend" aria-label="Services">
      {[...colours].map(([service, colour]) => (
        <li key={service}>
          <span class={`swatch service-${colour}`} aria-hidden="true" />
          {service}
        </li>
      ))}
    </ul>
  );
}

function Head({ extent }: { extent: number }): ComponentChildren {
  return (
    <thead>
      <tr>
        <th scope="col" class="span-column">
          Span
        </th>
        <th scope="col" class="number duration">
          Duration
        </th>
        <th scope="col" class="time-column">
          <span class="hidden">Time from the start of the trace</span>
          <span class="ticks" aria-hidden="true">
            {TICKS.map((tick) => (
              <span key={tick} style={{ left: `${tick * 100}%` }}>
                {duration(extent * tick)}
              </span>
            ))}
          </span>
        </th>
      </tr>
    </thead>
  );
}

interface RowProps {
  readonly row: WaterfallRow;
  readonly index: number;
  readonly colour: number;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function Row({ row, index, colour, isOpen, onToggle }: RowProps): ComponentChildren {
  const { span, depth } = row;
  const detailId = `span-${index}`;
  return (
    <>
      <tr class={`${row.isError ? 'error-span' : ''}${isOpen ? ' selected' : ''}`}>
        <th scope="row" class="span-column">
          <span class="indent" style={{ paddingInlineStart: `${Math.min(depth, MAX_INDENT) * 0.85}rem` }}>
            <button
              type="button"
              class="link"
              data-row={index}
              aria-expanded={isOpen}
              aria-controls={isOpen ? detailId : undefined}
              onClick={onToggle}
            >
              {span.name === '' ? '(no name)' : span.name}
            </button>
            {row.isError && <Mark class="error-mark">✕ error</Mark>}
            {row.isOrphan && <Mark>parent missing</Mark>}
            {depth > MAX_INDENT && <Mark>depth {depth}</Mark>}
            <span class={row.isOtherService ? 'service below' : 'service below narrow-only'}>
              {span.service}
              <span class="narrow-inline">, {duration(span.durationMs)}</span>
            </span>
          </span>
        </th>
        <td class="number duration">{duration(span.durationMs)}</td>
        <td class="time-column">
          <span
            class={`span-bar service-${colour}${row.isError ? ' error-bar' : ''}`}
            style={{ left: `${row.startRatio * 100}%`, width: `${row.widthRatio * 100}%` }}
          />
        </td>
      </tr>
      {isOpen && (
        <tr class="detail" id={detailId}>
          <td colSpan={3}>
            <SpanDetail span={span} />
          </td>
        </tr>
      )}
    </>
  );
}
