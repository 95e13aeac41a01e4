// A column header that sorts.
import type { ComponentChildren } from 'preact';
import type { OperationColumn, Order } from './operation-order.ts';

interface SortHeaderProps {
  readonly column: OperationColumn;
  readonly order: Order;
  readonly onSort: (column: OperationColumn) => void;
  readonly class: string;
  readonly children: ComponentChildren;
}

export function SortHeader({ column, order, onSort, class: className, children }: SortHeaderProps): ComponentChildren {
  const isSorted = order.column === column;
  return (
    <th scope="col" class={className} aria-sort={isSorted ? order.direction : undefined}>
      <button type="button" onClick={() => onSort(column)}>
        {children}
        <span class="arrow" aria-hidden="true">
          {isSorted ? (order.direction === 'ascending' ? '▲' : '▼') : ''}
        </span>
      </button>
    </th>
  );
}
