// The SDK's coded errors. Only invalid options are thrown, and only at start; everything else is one warning line,
// because telemetry must never change the program it observes.
import { state } from './state.ts';

/** Every code with the message and the hint an operator reads. Codes are never reused. */
export const ERRORS = {
  OPTIONS_INVALID: {
    message: 'options are invalid',
    hint: 'Correct the options listed; nothing was started.',
  },
  CONFIG_FILE_CONFLICT: {
    message: 'OTEL_CONFIG_FILE and code options exclude each other',
    hint: 'Move the options into the file, or unset OTEL_CONFIG_FILE.',
  },
  CONFIG_FILE_INVALID: {
    message: 'the configuration file is invalid',
    hint: 'Correct each line named; nothing was started. Nodes this SDK does not honour are refused too.',
  },
  CONFIG_FILE_CHANGED: {
    message: 'the configuration file was changed',
    hint: 'Of a good file the sampler counts at once, all else from the next start.',
  },
  SETTING_UNKNOWN: {
    message: 'the environment asks for something unknown',
    hint: 'The rest is started. Compare the value with the documentation of OpenTelemetry.',
  },
  INSTRUMENTATION_FAILED: {
    message: 'an instrumentation could not be loaded',
    hint: 'The program and the other instrumentations are not affected. Do their versions fit OpenTelemetry 1.10?',
  },
  EXPORT_FAILED: {
    message: 'telemetry is not delivered',
    hint: 'The program is not affected; this is said once. Is the sidecar running?',
  },
  ALREADY_STARTED: {
    message: 'startTelemetry was called again',
    hint: 'The first call counts; its handle was returned and the new options are ignored.',
  },
  SDK_REGISTERED: {
    message: 'another OpenTelemetry SDK is registered',
    hint: 'It gets the telemetry of this process; remove it or startTelemetry.',
  },
  START_FAILED: {
    message: 'telemetry could not be started',
    hint: 'The program runs without it. startTelemetry needs @opentelemetry/api 1.10.',
  },
  ATTRIBUTES_INVALID: {
    message: 'attributes of an instrument are ignored',
    hint: 'Put those with few values under low, all others under high: { low: { … }, high: { … } }.',
  },
  INSTRUMENT_INVALID: {
    message: 'a function is not observed',
    hint: 'It runs as if it were not wrapped. Correct the options of its instrument.',
  },
  METHOD_NOT_MEASURED: {
    message: 'a method is not measured',
    hint: 'measureMethods finds no such method on the class; decorate a function field itself.',
  },
  ALERTS_NOT_FOLLOWED: {
    message: 'alerts of the sidecar are not followed',
    hint: "This is said once. Is alerts.url the address of the sidecar's page, and alerts.token one of its tokens?",
  },
  PROMETHEUS_PORT: {
    message: 'the Prometheus page could not be opened',
    hint: 'Choose another prometheus.port; telemetry still goes to the sidecar.',
  },
} as const;

/** One of the codes in {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;

/** An error with a stable code and a hint; `cause` is kept. */
export class EvenkeelError extends Error {
  override readonly name = 'EvenkeelError';

  /** Errors of another copy of this package are of this class too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'EvenkeelError' && 'code' in value;
  }

  readonly code: ErrorCode;
  readonly hint: string;
  /** The message without that of the code and without secrets; one problem a line. */
  readonly detail: string;

  constructor(code: ErrorCode, detail: string, options?: ErrorOptions) {
    const clean = withoutSecrets(detail);
    super(`${ERRORS[code].message}: ${clean}`, options);
    this.detail = clean;
    this.code = code;
    this.hint = ERRORS[code].hint;
  }
}

/** Writes one line to stderr, without secrets; never throws, also when stderr is closed. */
export function warn(code: ErrorCode, detail: string): void {
  try {
    const [line = ''] = detail.split('\n', 1);
    process.stderr.write(`evenkeel: ${ERRORS[code].message}: ${withoutSecrets(line)} [${code}] ${ERRORS[code].hint}\n`);
  } catch {
    // There is nowhere left to say it.
  }
}

function withoutSecrets(text: string): string {
  return state.clean?.(text) ?? text;
}
