// What a file says of instrumentations: of all of them in general, and of those for JavaScript by name.
import { LIBRARIES } from '../instrument/channel-libraries.ts';
import { PACKAGE } from '../instrument/installed.ts';
import { any, checkedText, flag, list, node, noted, only, refused, type Shape, text, titled } from './shapes.ts';

/** Those that this SDK brings itself; they can be switched off. */
const OWN: ReadonlySet<string> = new Set([...LIBRARIES.map(({ name }) => name), 'undici', 'pino']);

const STABLE = 'the instrumentations of this version of OpenTelemetry emit the stable conventions only';
const semconv = titled(
  'StableSemconv',
  node({
    version: { kind: 'number', min: 1, max: 1 },
    experimental: only(false, STABLE),
    dual_emit: only(false, STABLE),
  }),
);
const chosen = refused('each instrumentation has one version of these conventions');

const headers = list(text, 1);
const HTTP = '@opentelemetry/instrumentation-http';
const client = {
  request_captured_headers: noted(`By fetch and undici, and \`${HTTP}\` where it is installed.`, headers),
  response_captured_headers: noted('As those of requests.', headers),
  known_methods: noted(`By fetch and undici; \`${HTTP}\` has no setting for it.`, list(text)),
};
const server = {
  request_captured_headers: noted(`By \`${HTTP}\`, which must be installed.`, headers),
  response_captured_headers: noted('As those of requests.', headers),
  known_methods: refused(`${HTTP} has no setting for it`),
};

const general = node({
  http: node({ semconv, client: node(client), server: node(server) }),
  code: node({ semconv }),
  db: node({ semconv }),
  gen_ai: node({
    semconv: node({
      version: refused('these conventions have no stable version'),
      experimental: only(true, 'these conventions have no stable version'),
      dual_emit: only(false, STABLE),
    }),
  }),
  messaging: node({ semconv: chosen }),
  rpc: node({ semconv: chosen }),
  sanitization: node({
    url: node({
      sensitive_query_parameters: noted(
        'Added to those that redaction knows, in every text that leaves; `distribution.evenkeel.redaction.enabled` turns all off.',
        list(text, 1),
      ),
    }),
  }),
  stability_opt_in_list: noted(
    'Of `http`, `database` and `code`.',
    checkedText((value) => {
      const other = value.split(',').find((each) => !/^\s*(?:http|database|code)?\s*$/.test(each));
      return other === undefined ? undefined : `has ${other.trim()}, but ${STABLE}`;
    }),
  ),
});

const LANGUAGES = ['cpp', 'dotnet', 'erlang', 'go', 'java', 'php', 'python', 'ruby', 'rust', 'swift'];
const elsewhere = noted('For another language.', any);

const ownNames = [...OWN].map((name) => `\`${name}\``).join(', ');
const ofPackage: Shape = { kind: 'node', fields: { enabled: flag }, required: [], others: any };
const unknown = refused(`this SDK observes ${[...OWN].join(', ')}; others are named by their package, as ${HTTP}`);

/** The section `instrumentation/development`. */
export const instrumentation = node({
  general,
  js: noted(`${ownNames} take \`enabled\`, packages of instrumentations all of their options.`, {
    kind: 'map',
    of: (name) => (OWN.has(name) ? node({ enabled: flag }) : PACKAGE.test(name) ? ofPackage : unknown),
  }),
  ...Object.fromEntries(LANGUAGES.map((language) => [language, elsewhere])),
});
