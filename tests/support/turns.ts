// Work in turns, done at once.
import type { Turns } from '../../collector/src/store/turns.ts';

/** @returns what it comes to, and after how many turns */
export function finished<T>(turns: Turns<T>): { value: T; turns: number } {
  for (let count = 1; ; count++) {
    const { done, value } = turns.next();
    if (done === true) return { value, turns: count };
  }
}
