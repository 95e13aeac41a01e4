// Hands what a configuration file asks of instrumentations to those of OpenTelemetry, in the words of their options.
// What nobody at work takes is told: the file is read before anybody knows what is installed.
import type { GeneralNode } from '../config/model.ts';
import type { Switches } from './channels.ts';
import { PACKAGE } from './installed.ts';

const HTTP = '@opentelemetry/instrumentation-http';
const UNDICI = '@opentelemetry/instrumentation-undici';

/** Joins what is said in general with what is said of each by name, which wins. */
export function settingsOfPackages(named: Switches, { http, sanitization }: GeneralNode): Switches {
  const [client, server] = [http?.client, http?.server].map((side) => ({
    ...(side?.request_captured_headers && { requestHeaders: side.request_captured_headers }),
    ...(side?.response_captured_headers && { responseHeaders: side.response_captured_headers }),
  }));
  const parameters = sanitization?.url?.sensitive_query_parameters;
  const general: [string, object][] = [
    [
      HTTP,
      {
        ...((http?.client || http?.server) && { headersToSpanAttributes: { client, server } }),
        ...(parameters && { redactedQueryParams: parameters, redactedQueryParamsServer: parameters }),
      },
    ],
    [UNDICI, http?.client ? { headersToSpanAttributes: client } : {}],
  ];
  const settings = general.flatMap(([name, own]) =>
    Object.keys(own).length > 0 ? [[name, { ...own, ...named[name] }]] : [],
  );
  return { ...named, ...Object.fromEntries(settings) };
}

/**
 * Tells what is asked for and taken by no instrumentation at work.
 *
 * @param named what is said of each by name
 * @param installed names of those at work
 */
export function unhonoured(named: Switches, { http }: GeneralNode, installed: readonly string[]): string[] {
  const absent = (what: string, name: string): string => `${what}, but ${name} is not at work`;
  const problems = Object.entries(named).flatMap(([name, options]) => {
    const isAsked = PACKAGE.test(name) && options?.enabled !== false;
    return isAsked && !installed.includes(name) ? [absent('the configuration has settings', name)] : [];
  });
  if (http?.server && !installed.includes(HTTP))
    problems.push(absent('the configuration has general.http.server', HTTP));
  if (http?.client?.known_methods && installed.includes(UNDICI)) {
    problems.push(`${UNDICI} is at work and does not know general.http.client.known_methods`);
  }
  return problems;
}
