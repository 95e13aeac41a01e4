// Starts the page: what touches the browser is made here and handed down.
import { render } from 'preact';
import { App } from './app.tsx';
import { LiveFeed } from './feed.ts';
import { applyTheme, storedTheme } from './theme.ts';

applyTheme(storedTheme());

const feed = new LiveFeed({
  open: () => new EventSource('api/events'),
  nowMs: () => Date.now(),
  everySecond: (call) => {
    const timer = setInterval(call, 1000);
    return () => clearInterval(timer);
  },
});
feed.start();

const root = document.getElementById('page');
if (root !== null) render(<App feed={feed} />, root);
