// Tells a score in words, for who works on a detector.
import type { Met, StreamScore } from './score.ts';
import { hasRightKind, hasRightSeverity, holdsRatio, isFindable, isInTime, summaryOf } from './summary.ts';
import type { Truth } from './truth.ts';

/** A line for each miss, wrong word and false alarm; times are seconds from the start of the stream. */
export function linesOf({ stream, met, falseAlarms }: StreamScore, { startMs }: Truth): string[] {
  const at = (ms: number): string => `${((ms - startMs) / 1000).toFixed(0)}s`;
  const known = (each: Met): string => {
    const { op, kind, onsetMs, recoveryMs, boundS, ratePerS, ratio, severities } = each.regression;
    const size = ratio === null ? '' : ` x${ratio.toFixed(2)}`;
    const bound = boundS === null ? 'none' : `${boundS.toFixed(1)}s`;
    return `${stream} "${op}" ${kind}${size} ${at(onsetMs)}-${at(recoveryMs)} ${ratePerS.toFixed(2)}/s bound ${bound} ${severities.join('|')}`;
  };
  const wrong = met.flatMap((each) => {
    const found = each.delayMs === null ? 'never' : `after ${(each.delayMs / 1000).toFixed(1)}s`;
    const said = `said ${each.last?.kind} ${each.last?.severity} [${each.interval?.map((x) => x.toFixed(2)).join() ?? ''}]`;
    return [
      ...(isFindable(each) && !isInTime(each) ? [`MISS      ${known(each)}: ${found}`] : []),
      ...(each.last !== undefined && !hasRightSeverity(each) ? [`SEVERITY  ${known(each)}: ${said}`] : []),
      ...(each.last !== undefined && !hasRightKind(each) ? [`KIND      ${known(each)}: ${said}`] : []),
      ...(each.regression.ratio !== null && each.interval !== undefined && !holdsRatio(each)
        ? [`INTERVAL  ${known(each)}: ${said}`]
        : []),
      ...(each.last !== undefined && each.clearMs === null ? [`EARLY     ${known(each)}`] : []),
      ...((each.clearMs ?? 0) > 120_000 ? [`CLEAR     ${known(each)}: ${(each.clearMs ?? 0) / 1000}s`] : []),
    ];
  });
  const alarms = falseAlarms.map(({ violation: { op, kind, severity, t_ms: ms, onset_ms: onset }, during }) => {
    const since = typeof onset === 'number' ? ` since ${at(onset)}` : '';
    return `FALSE     ${stream} "${op}" ${kind} ${severity} at ${at(ms)}${since}${during.length > 0 ? `, during ${during.join()}` : ''}`;
  });
  return [...wrong, ...alarms];
}

/** The figures, then recall by kind of regression and alarms by kind of stream. */
export function tableOf(scores: readonly StreamScore[]): string {
  const figures = Object.entries(summaryOf(scores)).map(
    ([name, value]) => `  ${name.padEnd(18)} ${short(value as number)}`,
  );
  const met = scores.flatMap((score) => score.met);
  const byRegression = [...new Set(met.map(({ regression: { kind } }) => kind))].map((kind) => {
    const own = met.filter(({ regression }) => regression.kind === kind);
    const findable = own.filter(isFindable);
    const judged = own.filter(({ last }) => last !== undefined);
    return `  ${kind.padEnd(18)} in time ${findable.filter(isInTime).length}/${findable.length}, found ${judged.length}/${own.length}, severity ${judged.filter(hasRightSeverity).length}, kind ${judged.filter(hasRightKind).length}`;
  });
  const byStream = [...new Set(scores.map(({ kind }) => kind))].map((kind) => {
    const own = scores.filter((score) => score.kind === kind);
    const days = own.reduce((sum, { operationDays }) => sum + operationDays, 0);
    const count = own.reduce((sum, { falseAlarms }) => sum + falseAlarms.length, 0);
    const findable = own.flatMap((score) => score.met).filter(isFindable);
    return `  ${kind.padEnd(18)} in time ${findable.filter(isInTime).length}/${findable.length}, false alarms ${count} in ${days.toFixed(1)} operation-days`;
  });
  return ['score', ...figures, 'by regression', ...byRegression, 'by stream', ...byStream].join('\n');
}

function short(value: number): string {
  return Number.isInteger(value) ? `${value}` : value.toFixed(4);
}
