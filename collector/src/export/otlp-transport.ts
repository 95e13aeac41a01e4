// What the two protocols of OTLP have in common: one request, one answer, judged alike.
import type { Signal } from './contract.ts';

/** One body as it stands: in protobuf where it is not described otherwise. */
export interface OtlpRequest {
  readonly signal: Signal;
  readonly body: Uint8Array;
  readonly contentType: string;
  /** How the body is compressed; `identity` where it is not. */
  readonly encoding: string;
}

/** How a receiver answered. */
export interface OtlpAnswer {
  /** `unsupported`: it takes no such signal at all. */
  readonly verdict: 'taken' | 'again' | 'refused' | 'unsupported';
  /** As attempts are counted by: a status, `unanswered` or `delivered`. */
  readonly outcome: string;
  readonly why: string;
  /** The pause it asks for. */
  readonly afterMs?: number | undefined;
  /** Of what it took otherwise, it left out so many. */
  readonly rejected: number;
  /** Every byte of the request was handed to the system, so that nobody reads its body any more. */
  readonly isWritten: boolean;
}

/** Sends requests; answers every outcome as a value and never throws. */
export interface OtlpTransport {
  /** @param cut cuts the request short; it then counts as unanswered */
  send(request: OtlpRequest, headers: Readonly<Record<string, string>>, cut: AbortSignal): Promise<OtlpAnswer>;
  /** Names the receiver of a signal in the log, without query: some take their token there. */
  where(signal: Signal): string;
  close(): void;
}

/** No answer at all. */
export function unanswered(why: string): OtlpAnswer {
  return { verdict: 'again', outcome: 'unanswered', why, rejected: 0, isWritten: false };
}
