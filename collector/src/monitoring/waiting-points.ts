// Points between being made and being handed on: together, because a request costs ten times what a point does.
// Pure: time is an argument.
import type { DataPoint } from '../model/data-point.ts';
import type { Component } from './series-spec.ts';

/** After points have gone the next wait so long, for each other. */
const TOGETHER_MS = 5000;

/** One that waits, counted when it goes. */
export interface WaitingPoint {
  readonly component: Component;
  readonly point: DataPoint;
}

/** Points that wait. */
export class WaitingPoints {
  readonly #slackMs: number;
  #points: WaitingPoint[] = [];
  #dueMs = -Infinity;

  /** @param tickMs from one look to the next; looks are late, or early, by little */
  constructor(tickMs: number) {
    this.#slackMs = tickMs / 2;
  }

  add(point: WaitingPoint): void {
    this.#points.push(point);
  }

  /** Whatever waits at the next look goes. */
  hurry(): void {
    this.#dueMs = -Infinity;
  }

  /** @returns what is to go now; empty where nothing waits or all of it is to wait on */
  take(nowMs: number): readonly WaitingPoint[] {
    if (this.#points.length === 0 || nowMs < this.#dueMs) return [];
    this.#dueMs = nowMs + TOGETHER_MS - this.#slackMs;
    return this.takeAll();
  }

  takeAll(): readonly WaitingPoint[] {
    const points = this.#points;
    this.#points = [];
    return points;
  }
}
