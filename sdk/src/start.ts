// Starts telemetry for this process, once. The OpenTelemetry SDK is loaded here and nowhere else, on demand.
import { logs, trace } from '@opentelemetry/api';
import type { Model } from './config/model.ts';
import { EvenkeelError, warn } from './errors.ts';
import { instruments } from './observe/instruments.ts';
import type { Settings, TelemetryOptions } from './options.ts';
import type { Follow } from './providers.ts';
import { state } from './state.ts';
import type { Telemetry } from './telemetry.ts';

// The package exists as ES module and as CommonJS; a process that loads both still has one telemetry.
const SLOT = Symbol.for('evenkeel.telemetry');
const slots = globalThis as { [SLOT]?: Promise<Telemetry> };

/**
 * Starts traces, metrics and logs over OTLP/HTTP to the sidecar.
 *
 * Once per process: another call gets the handle of the first, with a warning, also after shutdown. Instruments
 * that ran before are not recorded; those created before are.
 *
 * @throws OPTIONS_INVALID, CONFIG_FILE_CONFLICT, CONFIG_FILE_INVALID; nothing is started then
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  if (slots[SLOT]) {
    warn('ALREADY_STARTED', nameIn(options));
    return slots[SLOT];
  }
  const starting = start(options);
  slots[SLOT] = starting;
  // What was refused as a whole may be tried again.
  starting.catch(() => delete slots[SLOT]);
  return starting;
}

function nameIn(options: TelemetryOptions): string {
  try {
    const { serviceName } = options;
    return typeof serviceName === 'string' ? serviceName : '';
  } catch {
    return '';
  }
}

async function start(options: TelemetryOptions): Promise<Telemetry> {
  const { resolveSettings } = await import('./options.ts');
  const settings = resolveSettings(options);
  if (settings.disabled) return disabled(options);
  try {
    for (const setting of settings.unknown) warn('SETTING_UNKNOWN', setting);
    const model = await readModel(settings);
    if (model.disabled) return disabled(settings.options);
    state.exceptionSignal = settings.exceptionSignal;
    const { startProviders } = await import('./providers.ts');
    const telemetry = await startProviders(model, settings.options, { trace, logs }, await followerOf(settings, model));
    // What was given to be measured before is read from the first collection on.
    instruments();
    return telemetry;
  } catch (error) {
    if (error instanceof EvenkeelError && error.code === 'CONFIG_FILE_INVALID') throw error;
    warn('START_FAILED', error instanceof Error ? error.message : String(error));
    return disabled(settings.options);
  }
}

async function readModel(settings: Settings): Promise<Model> {
  if (settings.configFile === undefined) return (await import('./config/from-settings.ts')).modelOf(settings);
  return (await import('./config/from-file.ts')).readConfigFile(settings.configFile, settings.environment);
}

/** Whoever has no file loads nothing of it. */
async function followerOf({ configFile: path, environment }: Settings, model: Model): Promise<Follow | undefined> {
  if (path === undefined) return undefined;
  const { watchSampler } = await import('./config/from-file.ts');
  return (apply) => watchSampler({ path, environment, model }, apply);
}

function disabled(options: TelemetryOptions): Telemetry {
  state.isOn = false;
  const nothing = { flush: async (): Promise<void> => {}, shutdown: async (): Promise<void> => {} };
  if (!options.prometheus || options.prometheus.port !== undefined) return nothing;
  // The program may mount the page whatever the environment says about telemetry.
  return { ...nothing, metricsPage: (_request, response) => void response.end('# telemetry is off\n') };
}
