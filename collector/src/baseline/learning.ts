// What an operation gathers while its baseline is learned, and gives up once it is.
import { Shadow } from './shadow.ts';
import { LearningWindows } from './windows.ts';

/** The tests are on trial from so many windows on. */
const FIRST_SHADOW = 16;

export class Learning {
  readonly windows = new LearningWindows();
  readonly shadow = new Shadow();
  shadowAt = FIRST_SHADOW;
  /** Windows known when a baseline was last tried. */
  tried = 0;

  snapshot() {
    const { shadowAt, tried } = this;
    return { windows: this.windows.snapshot(), shadow: this.shadow.snapshot(), shadowAt, tried };
  }

  static restored(saved: ReturnType<Learning['snapshot']>): Learning {
    const learning = new Learning();
    learning.windows.restore(saved.windows);
    learning.shadow.restore(saved.shadow);
    [learning.shadowAt, learning.tried] = [saved.shadowAt, saved.tried];
    return learning;
  }
}
