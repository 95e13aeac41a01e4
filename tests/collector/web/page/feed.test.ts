import { expect, test } from 'vitest';
import { LiveFeed, REOPEN_AFTER_MS, STALE_AFTER_MS } from '../../../../collector/src/web/page/feed.ts';
import { operationId } from '../../../../collector/src/web/page/operation-order.ts';
import { operation } from './operations.ts';

type Listener = (event: { readonly data?: unknown }) => void;

/** An event stream and a clock, both moved by hand. */
class FakeBrowser {
  nowMs = 1_000_000;
  opened = 0;
  closed = 0;
  readyState = 1;
  #source = { readyState: 1 };
  #listeners = new Map<string, Listener>();
  #everySecond = (): void => {};

  readonly feed = new LiveFeed({
    open: () => {
      this.opened++;
      this.#listeners = new Map();
      const source = {
        readyState: this.readyState,
        addEventListener: (type: string, listener: Listener) => void this.#listeners.set(type, listener),
        close: () => this.closed++,
      };
      this.#source = source;
      return source;
    },
    nowMs: () => this.nowMs,
    everySecond: (call) => {
      this.#everySecond = call;
      return () => (this.#everySecond = () => {});
    },
  });

  send(calls: number): void {
    const operations = [operation('read', { calls, callsPerSecond: calls })];
    this.#listeners.get('operations')?.({ data: JSON.stringify({ windowSeconds: 60, operations }) });
  }

  /** Sends an event of another name. */
  sendOther(name: 'books' | 'sampling' | 'violations' | 'alerts', data: object): void {
    this.#listeners.get(name)?.({ data: JSON.stringify(data) });
  }

  fail(readyState: number): void {
    this.readyState = this.#source.readyState = readyState;
    this.#listeners.get('error')?.({});
  }

  wait(ms: number): void {
    for (const end = this.nowMs + ms; this.nowMs < end;) {
      this.nowMs += 1000;
      this.#everySecond();
    }
  }

  get shown(): readonly [string, number | undefined] {
    return [this.feed.state.phase, this.feed.state.operations?.operations[0]?.calls];
  }
}

function started(): FakeBrowser {
  const browser = new FakeBrowser();
  browser.feed.start();
  return browser;
}

test('connects, then is live with the numbers of the latest event', () => {
  const browser = started();
  expect(browser.shown).toEqual(['connecting', undefined]);
  browser.send(1);
  browser.send(2);
  expect(browser.shown).toEqual(['live', 2]);
  expect(browser.feed.state.receivedMs).toBe(browser.nowMs);
});

test('holds the latest of each kind of event', () => {
  const browser = started();
  browser.sendOther('books', { books: 1 });
  browser.sendOther('sampling', { pins: 1 });
  browser.sendOther('sampling', { pins: 2 });
  expect([browser.feed.state.phase, browser.feed.state.books, browser.feed.state.sampling]).toEqual([
    'live',
    { books: 1 },
    { pins: 2 },
  ]);
});

test('keeps violations and alerts, which are told only when they change', () => {
  const browser = started();
  browser.sendOther('violations', { groupCount: 1 });
  browser.sendOther('alerts', { alertCount: 2 });
  browser.send(1);
  browser.fail(2);
  browser.wait(STALE_AFTER_MS);
  browser.send(2);
  expect(browser.feed.state.violations).toEqual({ groupCount: 1 });
  expect(browser.feed.state.alerts).toEqual({ alertCount: 2 });
});

test('calls its numbers stale as soon as the stream breaks, and keeps their time', () => {
  const browser = started();
  browser.send(1);
  const receivedMs = browser.nowMs;
  browser.wait(2000);
  browser.fail(0);
  expect(browser.shown).toEqual(['stale', 1]);
  expect(browser.feed.state.receivedMs).toBe(receivedMs);
});

test('calls its numbers stale when an open stream falls silent', () => {
  const browser = started();
  browser.send(1);
  browser.wait(STALE_AFTER_MS - 1000);
  expect(browser.shown[0]).toBe('live');
  browser.wait(1000);
  expect(browser.shown[0]).toBe('stale');
});

test('is live again with the next event', () => {
  const browser = started();
  browser.send(1);
  browser.fail(0);
  browser.send(2);
  expect(browser.shown).toEqual(['live', 2]);
});

test('leaves it to the browser to retry while it does', () => {
  const browser = started();
  browser.fail(0);
  browser.wait(60_000);
  expect(browser.opened).toBe(1);
});

test('opens a stream the browser gave up, and again if that is refused too', () => {
  const browser = started();
  browser.fail(2);
  browser.wait(STALE_AFTER_MS);
  expect([browser.opened, browser.closed]).toEqual([2, 1]);
  browser.wait(STALE_AFTER_MS);
  expect(browser.opened).toBe(3);
});

test('opens a stream anew that is open and silent', () => {
  const browser = started();
  browser.send(1);
  browser.wait(REOPEN_AFTER_MS);
  expect(browser.opened).toBe(2);
});

test('freezes its numbers while paused, and goes on recording the history', () => {
  const browser = started();
  browser.send(1);
  browser.feed.pause();
  browser.wait(1000);
  browser.send(2);
  expect(browser.shown).toEqual(['paused', 1]);
  expect(browser.feed.history.points(operationId(operation('read'))).rate).toEqual([1, 2]);
  browser.feed.resume();
  browser.send(3);
  expect(browser.shown).toEqual(['live', 3]);
});

test('is stale, not live, when resumed after the stream broke', () => {
  const browser = started();
  browser.send(1);
  browser.feed.pause();
  browser.fail(0);
  browser.feed.resume();
  expect(browser.shown).toEqual(['stale', 1]);
});

test('tells its listeners of each change until they leave', () => {
  const browser = started();
  let told = 0;
  const leave = browser.feed.subscribe(() => told++);
  browser.send(1);
  browser.fail(0);
  leave();
  browser.send(2);
  expect(told).toBe(2);
});

test('stops asking when stopped', () => {
  const browser = started();
  browser.feed.stop();
  browser.wait(60_000);
  expect([browser.opened, browser.closed]).toEqual([1, 1]);
});
