// The table of operations.
import type { ComponentChildren, RefObject } from 'preact';
import type { OperationSummary } from '../api.ts';
import { percent, perSecond, seconds, word } from './format.ts';
import { type OperationColumn, type Order, operationId } from './operation-order.ts';
import { linkTo } from './route.ts';
import { Mark } from './mark.tsx';
import { baselineKeyOf, type InViolation } from './severities.ts';
import { SortHeader } from './sort-header.tsx';

interface TableProps {
  readonly rows: readonly OperationSummary[];
  readonly order: Order;
  readonly onSort: (column: OperationColumn) => void;
  readonly selectedId: string;
  readonly onSelect: (id: string) => void;
  /** Its rows, watched for the pointer. */
  readonly place: RefObject<HTMLTableSectionElement | null>;
  /** What is in violation, by the key it is watched under. */
  readonly violated: ReadonlyMap<string, InViolation>;
  readonly isLive: boolean;
}

const COLUMNS: readonly { column: OperationColumn; label: string; class: string }[] = [
  { column: 'service', label: 'Service', class: 'wide-only' },
  { column: 'name', label: 'Operation', class: '' },
  { column: 'kind', label: 'Kind', class: 'wide-only' },
  { column: 'rate', label: 'Calls/s', class: 'number' },
  { column: 'errors', label: 'Errors', class: 'number' },
  { column: 'p50', label: 'p50', class: 'number wide-only' },
  { column: 'p95', label: 'p95', class: 'number' },
  { column: 'p99', label: 'p99', class: 'number wide-only' },
];

export function OperationsTable(props: TableProps): ComponentChildren {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Operations">
      <table class={props.isLive ? 'operations' : 'operations old'}>
        <caption class="hidden">
          Calls, errors and durations by operation. The order holds still while the pointer or the focus is on a row.
        </caption>
        <thead>
          <tr>
            {COLUMNS.map(({ column, label, class: className }) => (
              <SortHeader key={column} column={column} order={props.order} onSort={props.onSort} class={className}>
                {label}
              </SortHeader>
            ))}
            <th scope="col" class="wide-only">
              Kept
            </th>
          </tr>
        </thead>
        <tbody ref={props.place}>
          {props.rows.map((operation) => {
            const id = operationId(operation);
            return (
              <Row
                key={id}
                operation={operation}
                violation={props.violated.get(baselineKeyOf(operation))}
                isSelected={id === props.selectedId}
                onSelect={() => props.onSelect(id)}
              />
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  readonly operation: OperationSummary;
  readonly violation: InViolation | undefined;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
}

function Row({ operation, violation, isSelected, onSelect }: RowProps): ComponentChildren {
  const name = shownName(operation);
  return (
    <tr class={isSelected ? 'selected' : ''}>
      <td class="wide-only service">{operation.service}</td>
      <th scope="row">
        <button type="button" class="link" aria-pressed={isSelected} onClick={onSelect}>
          {name}
        </button>
        {violation !== undefined && (
          <>
            {' '}
            <a
              class={`mark severity-${violation.severity}`}
              href={linkTo({ view: 'violations', group: violation.group })}
            >
              {violation.severity}
            </a>
          </>
        )}
        {operation.overflow && <Mark>overflow</Mark>}
        {operation.estimated && <Mark>estimated</Mark>}
        <span class="narrow-only service">{operation.service}</span>
      </th>
      <td class="wide-only">{word(operation.kind)}</td>
      <td class="number">{perSecond(operation.callsPerSecond)}</td>
      <td class={operation.errorRatio > 0 ? 'number failing' : 'number'}>{percent(operation.errorRatio)}</td>
      <td class="number wide-only">{seconds(operation.p50)}</td>
      <td class="number">{seconds(operation.p95)}</td>
      <td class="number wide-only">{seconds(operation.p99)}</td>
      <td class="wide-only">
        <a href={keptTracesLink(operation)} aria-label={`Kept traces with ${name} of ${operation.service}`}>
          Traces
        </a>
      </td>
    </tr>
  );
}

export function shownName(operation: OperationSummary): string {
  if (operation.overflow) return 'further operations';
  return operation.name === '' ? '(no name)' : operation.name;
}

/** The kept traces with an operation; of its service where the operation stands for many. */
export function keptTracesLink({ service, name }: OperationSummary): string {
  return linkTo({ view: 'traces', service, operation: name, errorsOnly: false });
}
