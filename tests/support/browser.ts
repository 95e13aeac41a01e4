// A real browser, and real spans for what it looks at.
import { type Browser, chromium } from 'playwright-core';
import { expect } from 'vitest';
import type { RunningSidecar } from './sidecar.ts';
import { bodyOf, type TestSpan } from './traffic.ts';

/** Fetches nothing on its own account. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts Chromium; whoever asks for it closes it. @param flags further ones */
export function launchChromium(executablePath: string, flags: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath, args: [...FLAGS, ...flags] });
}

/** Sends spans in one request, which must be taken. */
export async function sendSpans(sidecar: RunningSidecar, spans: readonly TestSpan[]): Promise<void> {
  const response = await fetch(`${sidecar.urls.otlpHttp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: bodyOf(spans) as Uint8Array<ArrayBuffer>,
  });
  expect(response.status).toBe(200);
}
