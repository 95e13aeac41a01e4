// Log records of calls. Logs came to the API with 1.10: with 1.9 there are none, and nothing is lost but them.
import * as api from '@opentelemetry/api';
import type { Attributes, Context } from '@opentelemetry/api';
import { SCOPE_NAME, SCOPE_VERSION } from '../names.ts';

/** What is used of the logs API, spelled out so that types resolve with 1.9. */
interface LogRecord {
  readonly eventName?: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body?: string;
  readonly attributes?: Attributes;
  readonly context?: Context;
}
interface Logs {
  getLogger(name: string, version: string): { emit(record: LogRecord): void };
}

const ERROR = { severityNumber: 17, severityText: 'ERROR' };
const INFO = { severityNumber: 9, severityText: 'INFO' };

function emit(record: LogRecord): void {
  // A computed name, or a bundler refuses what 1.9 does not export.
  const logs = (api as unknown as Record<string, Logs | undefined>)['logs'];
  logs?.getLogger(SCOPE_NAME, SCOPE_VERSION).emit(record);
}

/** Tells an exception as a log record. @see OpenTelemetry semantic conventions 1.45, exceptions in logs */
export function emitException(exception: { name: string; message: string; stack?: string }, active: Context): void {
  const { name, message, stack } = exception;
  const attributes = {
    'exception.type': name,
    'exception.message': message,
    ...(stack !== undefined && { 'exception.stacktrace': stack }),
  };
  emit({ eventName: 'exception', ...ERROR, attributes, context: active });
}

/** Tells that a call is over. */
export function emitCall(name: string, attributes: Attributes, hasFailed: boolean, active: Context): void {
  const body = `${name} ${hasFailed ? 'failed' : 'succeeded'}`;
  emit({ eventName: 'evenkeel.operation', ...(hasFailed ? ERROR : INFO), body, attributes, context: active });
}
