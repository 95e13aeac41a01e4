// Generated pages of the SDK are fresh.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SDK_REFERENCE, sdkReference } from '../../sdk/reference.ts';
import { STANDARD_FILE, standardFile } from '../../sdk/standard-file.ts';

it.each([
  [SDK_REFERENCE, sdkReference],
  [STANDARD_FILE, standardFile],
])('%s is what npm run generate writes', (path, written) => {
  expect(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')).toBe(written());
});
