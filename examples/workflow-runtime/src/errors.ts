// The runtime's coded errors. A code says what went wrong and becomes `error.type` on spans; the status is what the
// API answers. Errors of the platform (ENOENT and its kin) are passed on as they are.

import type { ZodError } from 'zod';

const ERRORS = {
  LOCKFILE_INVALID: { status: 500, message: 'package-lock.json cannot be used' },
  MANIFEST_INVALID: { status: 500, message: 'package.json is malformed' },
  EXPORT_MISSING: { status: 500, message: 'the manifest names files that are not there' },
  README_MISSING: { status: 404, message: 'the package has no README' },
  README_UNAVAILABLE: { status: 503, message: 'the README cannot be read in time' },
  PACKAGE_UNKNOWN: { status: 404, message: 'no such package in the dependency tree' },
  RUN_UNKNOWN: { status: 404, message: 'no such run, or it is too old' },
  RUNS_FULL: { status: 429, message: 'too many runs are waiting' },
  ROUTE_UNKNOWN: { status: 404, message: 'no such route' },
  REQUEST_INVALID: { status: 400, message: 'the request cannot be understood' },
  INDEX_EMPTY: { status: 503, message: 'nothing is indexed yet' },
  WORKFLOW_INVALID: { status: 500, message: 'the workflow cannot run' },
  OPTIONS_INVALID: { status: 500, message: 'the options cannot be used' },
} as const satisfies Record<string, { status: number; message: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** An error from the table above; `detail` names what it is about. */
export class RuntimeError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, detail: string, options?: ErrorOptions) {
    super(`${ERRORS[code].message}: ${detail}`, options);
    this.name = 'RuntimeError';
    this.code = code;
  }

  /** The HTTP status that the API answers with. */
  get status(): number {
    return ERRORS[this.code].status;
  }
}

/** A fault of the data or the disk, which is no defect of ours: our own coded errors and the file system's. */
export type Fault = Error & { readonly code: string };

/** Tells a fault from a defect. */
export function isFault(error: unknown): error is Fault {
  if (error instanceof RuntimeError) return true;
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string';
}

/** Every problem that a schema found, in one line. */
export function describeProblems(error: ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message))
    .join('; ');
}
