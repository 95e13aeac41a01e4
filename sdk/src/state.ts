// What all copies of this package in one process share: it exists as ES module and as CommonJS, and both may be loaded.

/** How a thrown value is told. @see OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN of the semantic conventions */
export type ExceptionSignal = 'events' | 'logs' | 'events+logs';

/** Switches that every instrumented call looks at; changed at start and by a program at run time. */
export interface SdkState {
  /** When false, instrumented calls run as if they were not wrapped. */
  isOn: boolean;
  exceptionSignal: ExceptionSignal;
  /** Takes secrets out of warnings and errors. There from when options are read, which is when there is something to say. */
  clean?: (text: string) => string;
}

const SLOT = Symbol.for('evenkeel.sdk');
const slots = globalThis as { [SLOT]?: SdkState };

/** One object in a process; read it anew at each use. */
export const state: SdkState = (slots[SLOT] ??= { isOn: true, exceptionSignal: 'events' });

/** Switches all instruments of this package on or off at run time; spans that are open end as they would have. */
export function setInstrumentation(isOn: boolean): void {
  state.isOn = isOn;
}
