// The check of estimates: what a backend makes of the kept spans, beside what was counted here.
import type { ComponentChildren } from 'preact';
import type { SamplingState } from '../../sample/contract.ts';
import { TermBox } from './equation.tsx';
import { count } from './format.ts';
import { type Range, rangeOf, worthOf, type Worth } from './sampling-figures.ts';

const VERDICTS: Readonly<Record<Exclude<Worth, 'nothing'>, { readonly text: string; readonly look: string }>> = {
  whole: { text: '✓ exact', look: 'balanced' },
  inside: { text: '✓ within the interval', look: 'balanced' },
  below: { text: 'too low', look: 'doubtful' },
  above: { text: 'too high', look: 'doubtful' },
  few: { text: 'too few to say', look: 'doubtful' },
};

const EXPLANATIONS: Readonly<Record<Worth, string>> = {
  nothing: 'No trace was decided in the last ten minutes.',
  few: 'Fewer than 30 traces were kept by chance, too few for an interval. More traffic brings it, or a larger share.',
  whole: 'Nothing was left to chance: every span that was decided was kept.',
  inside: 'In 19 of 20 cases the interval holds what was counted.',
  below:
    'In 1 of 20 cases this is chance. If it stays, some traces have no part in the estimate: no policy has a say in them, a drop or a wish decided, or their sender states no threshold.',
  above:
    'In 1 of 20 cases this is chance. If it stays, trace ids are not random, or a sender states a wrong threshold.',
};

export function EstimatePanel({ estimate }: { estimate: SamplingState['estimate'] }): ComponentChildren {
  const worth = worthOf(estimate);
  return (
    <section class="panel">
      <h2>Estimate from kept spans, last ten minutes</h2>
      {worth !== 'nothing' && <Comparison estimate={estimate} worth={worth} />}
      <p>{EXPLANATIONS[worth]}</p>
    </section>
  );
}

interface ComparisonProps {
  readonly estimate: SamplingState['estimate'];
  readonly worth: Exclude<Worth, 'nothing'>;
}

function Comparison({ estimate, worth }: ComparisonProps): ComponentChildren {
  const { text, look } = VERDICTS[worth];
  const hasInterval = worth !== 'whole' && worth !== 'few';
  const range = hasInterval ? rangeOf(estimate) : undefined;
  return (
    <>
      <div class="equation">
        <TermBox name="spans counted" text={spans(estimate.exact)} />
        <span class="sign">{worth === 'whole' ? '=' : '≈'}</span>
        <TermBox name="estimated" text={spans(estimate.estimate)} />
        {hasInterval && <TermBox name="95 % interval" text={`${spans(estimate.low)} – ${spans(estimate.high)}`} />}
        <span class={`verdict ${look}`}>{text}</span>
      </div>
      {range !== undefined && <RangeBar range={range} />}
    </>
  );
}

/** The same as the numbers above it, for the eye only. */
function RangeBar({ range }: { range: Range }): ComponentChildren {
  const at = (place: number): string => `${place * 100}%`;
  return (
    <div class="range" aria-hidden="true">
      <span class="interval" style={{ left: at(range.low), width: at(range.high - range.low) }} />
      <span class="estimated" style={{ left: at(range.estimate) }} />
      <span class="counted" style={{ left: at(range.exact) }}>
        counted
      </span>
    </div>
  );
}

/** Spans are whole. */
function spans(value: number): string {
  return count(Math.round(value));
}
