// What OpenTelemetry says about itself, on the console where somebody asks for it.
import { diag, DiagConsoleLogger, type DiagLogFunction, type DiagLogger, DiagLogLevel } from '@opentelemetry/api';
import type { Redaction } from '../bound/redaction.ts';
import type { Model } from '../config/model.ts';

/** Begins to write what is at least as severe as asked for; nothing where nothing is asked for. */
export function startDiagnostics(word: Model['log_level'], redaction: Redaction): void {
  const logLevel = logLevelOf(word);
  if (logLevel === DiagLogLevel.NONE) return;
  diag.setLogger(redactedLogger(new DiagConsoleLogger(), redaction), { logLevel, suppressOverrideMessage: true });
}

function redactedLogger(inner: DiagLogger, redaction: Redaction): DiagLogger {
  const clean = (given: unknown): unknown => {
    try {
      if (given instanceof Error) return redaction.text(given.stack ?? given.message);
      return typeof given === 'string' ? redaction.text(given) : given;
    } catch {
      return 'what cannot be read';
    }
  };
  const redacted =
    (log: DiagLogFunction): DiagLogFunction =>
    (message, ...rest) =>
      log(redaction.text(message), ...rest.map(clean));
  const { error, warn: warning, info, debug, verbose } = inner;
  return {
    error: redacted(error),
    warn: redacted(warning),
    info: redacted(info),
    debug: redacted(debug),
    verbose: redacted(verbose),
  };
}

/** Words of OTEL_LOG_LEVEL and severities of a file; silent where nothing is said, because `warn` says what counts. */
function logLevelOf(word: string | null | undefined): DiagLogLevel {
  const name = (word ?? 'none').toUpperCase().replace(/\d$/, '');
  const levels: Readonly<Record<string, DiagLogLevel>> = {
    FATAL: DiagLogLevel.ERROR,
    ERROR: DiagLogLevel.ERROR,
    WARN: DiagLogLevel.WARN,
    INFO: DiagLogLevel.INFO,
    DEBUG: DiagLogLevel.DEBUG,
    TRACE: DiagLogLevel.VERBOSE,
    VERBOSE: DiagLogLevel.VERBOSE,
    ALL: DiagLogLevel.ALL,
  };
  return levels[name] ?? DiagLogLevel.NONE;
}
