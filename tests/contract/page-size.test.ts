// The built page stays small: it is served beside a service, often over a slow tunnel.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ASSETS = join(import.meta.dirname, '../../collector/dist/page/assets');
/** Of all scripts together, as they are served; half of it is the charts. */
const MAX_SCRIPT_BYTES = 120 * 1024;

test('the scripts of the page are at most 120 KiB', () => {
  const scripts = readdirSync(ASSETS).filter((file) => file.endsWith('.js'));
  expect(scripts.length).toBeGreaterThan(0);
  const bytes = scripts.reduce((sum, file) => sum + statSync(join(ASSETS, file)).size, 0);
  expect(bytes).toBeLessThanOrEqual(MAX_SCRIPT_BYTES);
});
