// A table of numbers: a name a row, then numbers.
import type { ComponentChildren } from 'preact';

/** One row; as many cells as the table has columns. */
interface CountRow {
  readonly id: string;
  readonly name: ComponentChildren;
  readonly cells: readonly ComponentChildren[];
}

interface CountTableProps {
  readonly caption: string;
  /** The caption is read aloud only, because a heading says it already. */
  readonly hidesCaption?: boolean;
  readonly nameColumn: string;
  readonly columns: readonly string[];
  readonly rows: readonly CountRow[];
}

export function CountTable({ caption, hidesCaption, nameColumn, columns, rows }: CountTableProps): ComponentChildren {
  return (
    <div class="sideways" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption class={hidesCaption === true ? 'hidden' : ''}>{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{nameColumn}</th>
            {columns.map((column) => (
              <th key={column} scope="col" class="number">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ id, name, cells }) => (
            <tr key={id}>
              <th scope="row">{name}</th>
              {cells.map((cell, i) => (
                <td key={columns[i]} class="number">
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A number that asks to be looked at, unless it is zero. */
export function Telling({ value, text }: { value: number; text: string }): ComponentChildren {
  return value > 0 ? <strong class="telling">{text}</strong> : text;
}
