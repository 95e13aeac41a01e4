// What the shadow, a second set of policies without effect, would have made of the same traces.
import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { SamplingState, ShadowCounts } from '../../sample/contract.ts';
import { CountTable, Telling } from './count-table.tsx';
import { count, counted, percent } from './format.ts';
import { More } from './more.tsx';
import { byDifference, SHADOW_EXAMPLE, shadowTotals } from './sampling-figures.ts';

type ShadowState = NonNullable<SamplingState['shadow']>;

const ROWS_AT_FIRST = 20;

export function ShadowPanel({ shadow }: { shadow: SamplingState['shadow'] }): ComponentChildren {
  if (shadow === undefined)
    return (
      <section class="panel">
        <h2>Shadow</h2>
        <p>
          None is configured. A shadow is a second set of policies without effect: it shows what a change would keep and
          drop before it is made.
        </p>
        <pre>{SHADOW_EXAMPLE}</pre>
      </section>
    );
  const totals = shadowTotals(shadow.policies);
  return (
    <section class="panel">
      <h2>Shadow</h2>
      {totals.all === 0 ? <p>It was not asked about any trace yet.</p> : <Shadow shadow={shadow} totals={totals} />}
    </section>
  );
}

interface ShadowProps {
  readonly shadow: ShadowState;
  readonly totals: ReturnType<typeof shadowTotals>;
}

function Shadow({ shadow, totals }: ShadowProps): ComponentChildren {
  const [limit, setLimit] = useState(ROWS_AT_FIRST);
  const operations = useMemo(() => byDifference(shadow.operations), [shadow.operations]);
  const share = (traces: number): string => `${count(traces)} (${percent(traces / totals.all)})`;
  return (
    <>
      <p>
        Of {counted(totals.all, 'trace')} since the start the shadow would keep{' '}
        {share(totals.bothKeep + totals.wouldKeep)}, the policies in force {share(totals.bothKeep + totals.wouldDrop)}.
        Budget, caps, overload, pins and links are left out of both.
      </p>
      <CountTable
        caption="By the shadow’s policy that decided"
        nameColumn="Policy"
        columns={COLUMNS}
        rows={shadow.policies.map((row) => ({
          id: row.policy,
          name: row.policy === '' ? '(none had a say)' : row.policy,
          cells: cellsOf(row),
        }))}
      />
      <CountTable
        caption="By the operation that traces begin with, largest difference first"
        nameColumn="Operation"
        columns={COLUMNS}
        rows={operations.slice(0, limit).map((row) => ({
          id: JSON.stringify([row.service, row.operation]),
          name: <OperationName service={row.service} operation={row.operation} />,
          cells: cellsOf(row),
        }))}
      />
      <More limit={limit} step={ROWS_AT_FIRST} of={operations.length} noun="operation" onMore={setLimit} />
    </>
  );
}

const COLUMNS = ['Would keep', 'Would drop', 'Both keep', 'Both drop'];

function cellsOf({ wouldKeep, wouldDrop, bothKeep, bothDrop }: ShadowCounts): ComponentChildren[] {
  const differing = [wouldKeep, wouldDrop].map((value) => <Telling value={value} text={count(value)} />);
  return [...differing, count(bothKeep), count(bothDrop)];
}

function OperationName({ service, operation }: { service: string; operation: string }): ComponentChildren {
  return (
    <>
      {operation === '' ? '(no name)' : operation} <span class="service below">{service}</span>
    </>
  );
}
