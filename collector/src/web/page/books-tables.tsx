// The tables below the equations: refusals, and who holds the memory.
import type { ComponentChildren } from 'preact';
import type { BooksAnswer } from '../api.ts';
import { CountTable } from './count-table.tsx';
import { bytes, count, percent, words } from './format.ts';

export function RefusedTable({ refused }: { refused: BooksAnswer['refused'] }): ComponentChildren {
  return (
    <section class="panel">
      <h2>Refused at the door</h2>
      {refused.length === 0 ? (
        <p>No request was refused.</p>
      ) : (
        <CountTable
          caption="Refused requests by reason"
          hidesCaption
          nameColumn="Reason"
          columns={['Requests', 'Size']}
          rows={refused.map(({ reason, requests, bytes: size }) => ({
            id: reason,
            name: words(reason),
            cells: [count(requests), bytes(size)],
          }))}
        />
      )}
    </section>
  );
}

export function MemoryShares({ memory }: { memory: BooksAnswer['memory'] }): ComponentChildren {
  const held = Object.values(memory.holders).reduce((total, size) => total + size, 0);
  return (
    <section class="panel">
      <h2>Memory</h2>
      <p>
        {bytes(held)} of the {bytes(memory.limit)} of <code>memory_limit</code> are held ({percent(held / memory.limit)}
        ); the process as a whole has {bytes(memory.rss)} resident.
      </p>
      <table class="shares">
        <caption class="hidden">Memory by holder</caption>
        <thead>
          <tr>
            <th scope="col">Holder</th>
            <th scope="col" class="number">
              Size
            </th>
            <th scope="col" class="number">
              Of the limit
            </th>
            <td />
          </tr>
        </thead>
        <tbody>
          {Object.entries(memory.holders).map(([holder, size]) => (
            <tr key={holder}>
              <th scope="row">{words(holder)}</th>
              <td class="number">{bytes(size)}</td>
              <td class="number">{percent(size / memory.limit)}</td>
              <td class="share-bar" aria-hidden="true">
                <span style={{ width: `${Math.min(size / memory.limit, 1) * 100}%` }} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
