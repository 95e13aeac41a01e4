// Starts telemetry for this process, once. The OpenTelemetry SDK is loaded here and nowhere else, on demand.
import { warn } from './errors.ts';
import { resolveSettings, type Settings, type TelemetryOptions } from './options.ts';
import type { Telemetry } from './telemetry.ts';

// The package exists as ES module and as CommonJS; a process that loads both still has one telemetry.
const SLOT = Symbol.for('evenkeel.telemetry');
const slots = globalThis as { [SLOT]?: Promise<Telemetry> };

/**
 * Starts traces and metrics over OTLP/HTTP to the sidecar.
 *
 * Once per process: another call gets the handle of the first, with a warning, also after shutdown. Instruments
 * that ran before are not recorded; those created before are.
 *
 * @throws OPTIONS_INVALID, CONFIG_FILE_CONFLICT; nothing is started then
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  if (slots[SLOT]) {
    warn('ALREADY_STARTED', options?.serviceName ?? '');
    return slots[SLOT];
  }
  const settings = resolveSettings(options);
  slots[SLOT] = settings.disabled ? Promise.resolve(disabled(options)) : start(settings);
  return slots[SLOT];
}

async function start(settings: Settings): Promise<Telemetry> {
  try {
    const { startProviders } = await import('./providers.ts');
    return await startProviders(settings);
  } catch (error) {
    warn('START_FAILED', error instanceof Error ? error.message : String(error));
    return disabled(settings.options);
  }
}

function disabled(options: TelemetryOptions): Telemetry {
  const nothing = { flush: async (): Promise<void> => {}, shutdown: async (): Promise<void> => {} };
  if (!options.prometheus || options.prometheus.port !== undefined) return nothing;
  // The program may mount the page whatever the environment says about telemetry.
  return { ...nothing, metricsPage: (_request, response) => void response.end('# telemetry is off\n') };
}
