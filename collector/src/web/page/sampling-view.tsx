// Sampling: what it leaves of the traffic and why, whether estimates from it are right, and what another configuration
// would have left.
import type { ComponentChildren } from 'preact';
import type { SamplingState } from '../../sample/contract.ts';
import type { BooksAnswer } from '../api.ts';
import { CountTable, Telling } from './count-table.tsx';
import { NoSpansYet, Waiting } from './empty-state.tsx';
import { EstimatePanel } from './estimate-panel.tsx';
import { Fact } from './fact.tsx';
import type { LiveFeed } from './feed.ts';
import { count, counted, percent, perSecond } from './format.ts';
import { useFeed } from './hooks.ts';
import { KeepForm } from './keep-form.tsx';
import { linkTo, type SamplingRoute } from './route.ts';
import { overloadCause, policyRows } from './sampling-figures.ts';
import { ShadowPanel } from './shadow-panel.tsx';

interface SamplingViewProps {
  readonly route: SamplingRoute;
  readonly feed: LiveFeed;
}

export function SamplingView({ route, feed }: SamplingViewProps): ComponentChildren {
  const state = useFeed(feed);
  const { sampling, books } = state;
  return (
    <>
      <h1>Sampling</h1>
      {sampling === undefined ? (
        <Waiting>Waiting for the sidecar’s first numbers…</Waiting>
      ) : (
        <div class={state.phase === 'live' ? 'sampling' : 'sampling old'}>
          <Overload overload={sampling.overload} />
          {books?.spans.accepted === 0 && <NoSpansYet />}
          <NotRandom services={sampling.notRandom} />
          <Limits sampling={sampling} />
          <EstimatePanel estimate={sampling.estimate} />
          {books !== undefined && <Policies sampling={sampling} books={books} />}
          <section class="panel">
            <h2>Keep for a time</h2>
            <p>
              Keeps what no policy would keep: a trace that is still waiting or to come, or every trace that begins with
              an operation. An explicit drop still wins. {counted(sampling.pins, 'wish', 'wishes')} in force.
            </p>
            <KeepForm route={route} operations={state.operations?.operations ?? []} />
          </section>
          <ShadowPanel shadow={sampling.shadow} />
        </div>
      )}
    </>
  );
}

function Overload({ overload }: { overload: SamplingState['overload'] }): ComponentChildren {
  const { ratio, cause } = overload;
  if (ratio === 1) return null;
  return (
    <section class="notice warn" role="status">
      <h2>Overloaded</h2>
      <p>
        Since {overloadCause(cause)}, only {percent(ratio)} of what need not be kept is kept. Errors, slow traces and
        floors are kept as ever.
      </p>
    </section>
  );
}

function NotRandom({ services }: { services: SamplingState['notRandom'] }): ComponentChildren {
  if (services.length === 0) return null;
  return (
    <section class="notice warn">
      <h2>Services whose trace ids are not random</h2>
      <p>
        Shares of their traces are not what they say, because sampling reads its randomness from the low 56 bits of the
        id: {services.map(({ service, bits }) => `${service} (${bits} of 56 bits constant)`).join(', ')}. Mend the
        service’s id generator, or send randomness (<code>ot=rv</code>) in the tracestate.
      </p>
    </section>
  );
}

function Limits({ sampling }: { sampling: SamplingState }): ComponentChildren {
  const { budgetRatio, floorsOverBudget, overload } = sampling;
  return (
    <section class="panel">
      <h2>Limits</h2>
      <dl class="facts">
        <Fact name="Budget" value={percent(budgetRatio)}>
          {budgetRatio === 1
            ? 'no budget is set (sample.budget), or it holds nothing back now'
            : 'are kept, so that the whole stays within sample.budget'}
        </Fact>
        {floorsOverBudget > 0 && (
          <Fact name="Beyond the budget" value={perSecond(floorsOverBudget)}>
            spans/s of errors and floors beyond the target: they win. Raise the budget, or lower the floors
          </Fact>
        )}
        <Fact name="Overload" value={percent(overload.ratio)}>
          {overload.ratio === 1 ? 'there is no overload' : `are kept: ${overloadCause(overload.cause)}`}
        </Fact>
      </dl>
      <p class="note">
        Shares of what need not be kept; the smallest holds. Where each span went is in the{' '}
        <a href={linkTo({ view: 'books' })}>books</a>.
      </p>
    </section>
  );
}

interface PoliciesProps {
  readonly sampling: SamplingState;
  readonly books: BooksAnswer;
}

function Policies({ sampling, books }: PoliciesProps): ComponentChildren {
  const rows = policyRows(sampling.policies, books.keptTraces);
  const all = rows.reduce((sum, { traces }) => sum + traces, 0);
  const isCrowded = rows.some(({ overflowed }) => overflowed > 0);
  return (
    <section class="panel">
      <h2>Policies</h2>
      <CountTable
        caption="Kept traces by what decided"
        hidesCaption
        nameColumn="Kept by"
        columns={['Traces', 'Of all kept', ...(isCrowded ? ['Found no room'] : [])]}
        rows={rows.map(({ policy, traces, overflowed }) => ({
          id: policy,
          name: policy,
          cells: [
            count(traces),
            percent(all === 0 ? 0 : traces / all),
            ...(isCrowded ? [<Telling value={overflowed} text={count(overflowed)} />] : []),
          ],
        }))}
      />
      {isCrowded && (
        <p class="note">
          <strong>Found no room</strong>: keys or operations beyond the policy’s limit, which share a place. Raise the
          limit, or key it by less.
        </p>
      )}
    </section>
  );
}
