// Every coded error of the collector: code, message, hint. Codes are never reused.

/** The table the manual is checked against. */
export const ERRORS = {
  CONFIG_UNREADABLE: {
    message: 'the configuration file cannot be read',
    hint: 'check the path and its permissions; of presets there is `preset:targets`',
  },
  CONFIG_INVALID: { message: 'the configuration is not valid', hint: 'mend the listed lines; nothing was started' },
  PORT_IN_USE: { message: 'the port is already in use', hint: 'stop the other program or configure another port' },
  LISTEN_FAILED: { message: 'the address cannot be listened on', hint: 'check host and port' },
  START_TIMEOUT: { message: 'a stage did not start in time', hint: 'the named stage is the culprit' },
  STORE_FOREIGN: {
    message: "the store's file is no database",
    hint: 'move the named file away: a new one is made; traces.sqlite holds traces for the page, state.sqlite what was learned',
  },
  STORE_UNUSABLE: { message: 'the store cannot be opened', hint: 'check store.path, or set store: false' },
  STORE_IN_USE: { message: 'a sidecar runs on the store', hint: 'stop it first, and start it again afterwards' },
  STORE_COPY: {
    message: 'what was learned cannot be copied',
    hint: 'check the files and store.path; evenkeel store verify FILE tells whether a copy is sound',
  },
  CERTIFICATE_UNREADABLE: { message: 'a certificate file cannot be read', hint: 'check the path and its permissions' },
  CERTIFICATE_INVALID: {
    message: 'a certificate cannot be used',
    hint: 'give PEM files; the key has to belong to the certificate and have no passphrase',
  },
  TOKENS_UNUSABLE: { message: 'a token file cannot be used', hint: 'give a readable file with one token a line' },
  SIDECAR_UNREACHABLE: { message: 'the sidecar does not answer', hint: 'check --url, and that the sidecar runs' },
  SIDECAR_REFUSED: {
    message: 'the sidecar gives no answer to this',
    hint: 'check --url, and EVENKEEL_TOKEN where the page asks for a token',
  },
  BAD_RECORDING: {
    message: 'the recording cannot be read',
    hint: 'each line is a JSON object with t_ms, and of a call op, duration_ms and error: evenkeel baseline --help',
  },
  REPORT_UNWRITABLE: {
    message: 'the report cannot be written',
    hint: 'check the path and its permissions, and the space left',
  },
  BASELINES_INVALID: {
    message: 'the baselines cannot be used',
    hint: 'give a file that evenkeel baseline learn wrote; where a later version wrote it, learn it again',
  },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** An error with a code an operator can look up. `cause` is kept. */
export class EvenkeelError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  /** What the message says beyond its code. */
  readonly detail: string;

  constructor(code: ErrorCode, detail: string, options?: ErrorOptions) {
    super(`${ERRORS[code].message}: ${detail}`, options);
    this.name = 'EvenkeelError';
    this.code = code;
    this.detail = detail;
    this.hint = ERRORS[code].hint;
  }
}
