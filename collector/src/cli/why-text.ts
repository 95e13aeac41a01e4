// An answer of the sidecar about one trace, as a person reads it in a terminal. Pure.
import type { DecisionAnswer, DecisionJson, PolicyFinding } from '../web/api.ts';
import { FINDINGS } from '../web/finding-words.ts';
import { columns, percent, seconds, utc } from './text.ts';

/** Writes the whole answer, ending in a newline. */
export function whyText(answer: DecisionAnswer): string {
  const { traceId, state, summary, decision, policies } = answer;
  const blocks = [`trace ${traceId}: ${state === 'unseen' ? 'not seen' : state}`, summary];
  if (decision !== undefined) blocks.push(columns(inputs(decision)));
  if (policies.length > 0) blocks.push(`policies\n${columns(policies.map(policyRow))}`);
  blocks.push(horizonText(answer));
  return `${blocks.join('\n\n')}\n`;
}

function inputs(decision: DecisionJson): string[][] {
  const { spanCount, hasError, cut, longestEntryMs, rootMs, threshold, ratio, randomness, capped } = decision;
  const spans = `${spanCount}${hasError ? ', with an error' : ', none failed'}${cut ? ', decided early because of their number or size' : ''}`;
  const compared = `${threshold} (keeps ${percent(ratio)})${capped ? ', raised by the hard caps' : ''}`;
  const source = decision.explicitRandomness ? 'from its tracestate' : 'from its id';
  return [
    ['decided', utc(decision.decidedMs)],
    ['spans', spans],
    ['entry span', `${seconds(longestEntryMs)} at most`],
    ['root span', rootMs === undefined ? 'had not come' : seconds(rootMs)],
    ['threshold', threshold === '' ? 'none was compared' : compared],
    ['randomness', `${randomness} ${source} (kept by a share from ${percent(decision.keptFromRatio)} up)`],
    ['found in', decision.foundIn],
  ];
}

function policyRow({ name, finding, decided, text }: PolicyFinding): string[] {
  return [`${decided ? '>' : ' '} ${name}`, FINDINGS[finding], text];
}

function horizonText({ horizon, state }: DecisionAnswer): string {
  const { sinceMs, earlier } = horizon;
  const since = `Every decision since ${utc(sinceMs)} is known.`;
  const gaps = earlier.map(({ fromMs, toMs }) => `  ${utc(fromMs)} to ${utc(toMs)}`);
  const before = gaps.length === 0 ? '' : `\nBefore that, decisions are known of\n${gaps.join('\n')}`;
  const where =
    state === 'unseen'
      ? ' If the trace is younger, its spans did not come here; if it is older, nobody remembers it.'
      : '';
  return `${since}${where}${before}`;
}
