// Exporters from the standard environment variables.
import type { Environment } from './load.ts';

/** An exporter block as it would stand in the file; undefined where the environment names no endpoint. */
export function environmentExporter(environment: Environment): Record<string, unknown> | undefined {
  // An empty variable counts as not set, as OpenTelemetry has it.
  const own = (name: string): string | undefined => environment[`OTEL_EXPORTER_OTLP_${name}`] || undefined;
  const read = (suffix: string): string | undefined => own(`TRACES_${suffix}`) ?? own(suffix);
  const tracesEndpoint = own('TRACES_ENDPOINT');
  const endpoint = own('ENDPOINT') ?? originOf(tracesEndpoint);
  if (endpoint === undefined) return undefined;
  const headers = read('HEADERS');
  const compression = read('COMPRESSION');
  const timeoutMs = read('TIMEOUT');
  const certificate = read('CERTIFICATE');
  const clientCertificate = read('CLIENT_CERTIFICATE');
  const clientKey = read('CLIENT_KEY');
  return {
    endpoint,
    ...(tracesEndpoint === undefined ? {} : { traces_endpoint: tracesEndpoint }),
    ...(headers === undefined ? {} : { headers: parseHeaders(headers) }),
    ...(compression === undefined ? {} : { compression }),
    ...(timeoutMs === undefined ? {} : { timeout: `${timeoutMs}ms` }),
    ...(certificate === undefined ? {} : { ca_file: certificate }),
    ...(clientCertificate === undefined ? {} : { cert_file: clientCertificate }),
    ...(clientKey === undefined ? {} : { key_file: clientKey }),
  };
}

/** What is no URL stays as it is, so that the check names it. */
function originOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).origin : url;
}

/** `key=value,key=value`, values percent-encoded. @see OpenTelemetry specification, OTLP exporter, headers */
function parseHeaders(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const pair of text.split(',')) {
    const [key = '', ...rest] = pair.split('=');
    if (key.trim() !== '') headers[key.trim()] = decode(rest.join('=').trim());
  }
  return headers;
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    // Not percent-encoded after all: taken as it is.
    return value;
  }
}
