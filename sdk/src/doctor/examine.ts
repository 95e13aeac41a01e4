// Finds out what a program started with this SDK here and now would send, where, and what would go wrong.
import { readFileSync } from 'node:fs';
import { createRedaction } from '../bound/redaction.ts';
import { modelOf } from '../config/from-settings.ts';
import type { Model } from '../config/model.ts';
import { readConfigFile } from '../config/from-file.ts';
import { EvenkeelError } from '../errors.ts';
import { observedLibraries } from '../instrument/channels.ts';
import { findInstalled } from '../instrument/installed.ts';
import { optionsOfEnvironment, resolveSettings, type Settings } from '../options.ts';
import { describe, type Described } from './describe.ts';
import { hintFor } from './hints.ts';
import { type ApiCopy, findApiCopies, findOtherSdks, isHeard } from './packages.ts';
import { type Delivery, sendTestSpans } from './test-span.ts';
import { findShadowed, outweighedByCode, type Shadowed } from './variables.ts';

/** Something to be put right. */
export interface Finding {
  readonly what: string;
  readonly hint: string;
}

/** What the doctor found out. Nothing in it is a secret: headers are named, not told. */
export interface Report extends Described {
  readonly isOn: boolean;
  readonly channels: readonly string[];
  readonly instrumentations: readonly { readonly name: string; readonly version: string }[];
  readonly api: readonly ApiCopy[];
  readonly shadowed: readonly Shadowed[];
  /** What an option in code would outweigh; nobody knows from outside whether there is one. */
  readonly outweighedByCode: readonly Shadowed[];
  readonly deliveries: readonly Delivery[];
  readonly findings: readonly Finding[];
}

/** Where to look. */
export interface Place {
  readonly folder: string;
  readonly environment: Settings['environment'];
  /** A file of this SDK. */
  readonly sdk: string;
  /** Name of the service where nothing names it. */
  readonly fallbackName: string;
}

/** Examines `place`; sends one span, and changes nothing. */
export async function examine(place: Place): Promise<Report> {
  const { environment, folder } = place;
  const settings = resolveSettings(optionsOfEnvironment(place.fallbackName, environment), environment);
  const { model, problems } = readModel(settings);
  const own = model?.distribution?.evenkeel?.redaction;
  const values = (own?.values ?? []).map((source) => new RegExp(source));
  const redaction = createRedaction({ keys: own?.keys ?? [], values });
  const isOn = model !== undefined && !settings.disabled && model.disabled !== true;
  const switches = model?.['instrumentation/development']?.js ?? {};
  const instrumentations = findInstalled(folder).filter(({ name }) => switches[name]?.enabled !== false);
  const fileText = settings.configFile === undefined ? undefined : textOf(settings.configFile);
  const shadowed = findShadowed(environment, fileText);
  const api = findApiCopies(folder, place.sdk);
  const deliveries = isOn ? await sendTestSpans(model, redaction) : [];
  const report = {
    ...describe(model ?? {}, settings, redaction),
    isOn,
    channels: observedLibraries(
      switches,
      instrumentations.map(({ name }) => name),
    ),
    instrumentations,
    api,
    shadowed,
    outweighedByCode: fileText === undefined ? outweighedByCode(environment) : [],
    deliveries,
  };
  const findings = [
    ...problems,
    ...settings.unknown.map((what) => ({
      what: `${what} is not known`,
      hint: 'Compare it with what OpenTelemetry knows.',
    })),
    ...shadowed.map(({ name, why }) => ({ what: `${name} has no effect: ${why}`, hint: 'Correct or remove it.' })),
    ...findingsOfPackages(api, findOtherSdks(folder)),
    ...deliveries
      .filter(({ isTaken }) => !isTaken)
      .map(({ to, answer }) => ({
        what: `a test span to ${to} was not taken: ${answer}`,
        hint: hintFor(answer),
      })),
    ...(isOn ? [] : [{ what: 'telemetry is off', hint: 'OTEL_SDK_DISABLED, or `disabled` or a mistake in the file.' }]),
  ];
  return redaction.value({ ...report, findings }) as Report;
}

function readModel(settings: Settings): { model?: Model; problems: Finding[] } {
  if (settings.configFile === undefined) return { model: modelOf(settings), problems: [] };
  try {
    return { model: readConfigFile(settings.configFile, settings.environment), problems: [] };
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error;
    return { problems: error.detail.split('\n').map((what) => ({ what, hint: error.hint })) };
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function findingsOfPackages(api: readonly ApiCopy[], others: readonly string[]): Finding[] {
  const registered = api.find(({ usedBy }) => usedBy.includes('sdk'));
  const findings = others.map((name) => ({
    what: `${name} is installed, which has an SDK of its own`,
    hint: 'Whichever starts first gets the telemetry. Keep one of the two.',
  }));
  if (!registered) {
    return [...findings, { what: '@opentelemetry/api cannot be found', hint: 'npm install @opentelemetry/api@1.10' }];
  }
  if (!isHeard('1.10.0', registered.version)) {
    const what = `the SDK gets @opentelemetry/api ${registered.version}, and needs 1.10 to start`;
    findings.push({ what, hint: 'npm install @opentelemetry/api@1.10' });
  }
  for (const { path, version } of api) {
    if (isHeard(version, registered.version)) continue;
    const what = `code that uses ${path} (${version}) is not heard: the SDK registers with ${registered.version}`;
    findings.push({ what, hint: 'npm dedupe, or install one version for all.' });
  }
  return findings;
}
