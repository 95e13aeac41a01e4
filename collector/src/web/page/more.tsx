// Where a long list is cut: says so, and shows more on request.
import type { ComponentChildren } from 'preact';
import { count, counted } from './format.ts';

interface MoreProps {
  /** Index of the first row shown; 0 unless stated. */
  readonly from?: number;
  /** Index after the last row shown. */
  readonly limit: number;
  readonly step: number;
  readonly of: number;
  readonly noun: string;
  readonly onMore: (limit: number) => void;
}

export function More({ from = 0, limit, step, of, noun, onMore }: MoreProps): ComponentChildren {
  if (of <= limit) return null;
  return (
    <p class="more">
      {from > 0 && `${count(from + 1)} to `}
      {count(limit)} of {counted(of, noun)} shown.{' '}
      <button type="button" onClick={() => onMore(limit + step)}>
        Show {count(Math.min(step, of - limit))} more
      </button>
    </p>
  );
}
