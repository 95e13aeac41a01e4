// What the doctor advises, by answers that real servers gave.
import { expect, it } from 'vitest';
import { hintFor } from '../../../sdk/src/doctor/hints.ts';

it.each([
  ['connect ECONNREFUSED 127.0.0.1:4318', /running/],
  ['HTTP 404 Not Found', /no path/],
  ['HTTP 405 Method Not Allowed', /no path/],
  ['HTTP 401 Unauthorized', /OTEL_EXPORTER_OTLP_HEADERS/],
  ['write EPROTO 401D825EE87F0000:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number', /TLS/],
  ['Parse Error: Expected HTTP/, RTSP/ or ICE/', /4318/],
  ['14 UNAVAILABLE: No connection established. Last error: Protocol error', /4317/],
])('advises what fits the answer: %s', (answer, hint) => {
  expect(hintFor(answer)).toMatch(hint);
});
