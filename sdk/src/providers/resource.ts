// Describes where the process runs. What carries secrets, as the command line, is left out.
import type { Attributes } from '@opentelemetry/api';
import {
  defaultResource,
  detectResources,
  hostDetector,
  osDetector,
  processDetector,
  type Resource,
  type ResourceDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import type { Redaction } from '../bound/redaction.ts';
import type { Model } from '../config/model.ts';
import { warn } from '../errors.ts';
import { ATTRIBUTE } from '../names.ts';
import { containerAttributes } from './container.ts';
import { isChosenBy } from './patterns.ts';

/** Resource detectors by their name in the model and in OTEL_NODE_RESOURCE_DETECTORS. */
const RESOURCE_DETECTORS: ReadonlyMap<string, readonly ResourceDetector[]> = new Map([
  ['service', [serviceInstanceIdDetector]],
  ['host', [hostDetector, osDetector]],
  ['process', [{ detect: detectProcess }]],
  ['container', [{ detect: () => ({ attributes: containerAttributes() }) }]],
]);

/**
 * Makes the resource, and waits for what is read from files.
 *
 * An export that must wait for its resource is forgotten by a shutdown that comes meanwhile (sdk-trace 3.1).
 */
export async function createResource(node: Model['resource'], redaction: Redaction): Promise<Resource> {
  const names = (node?.['detection/development']?.detectors ?? []).flatMap((entry) => Object.keys(entry));
  const detected = detectResources({ detectors: names.flatMap((name) => RESOURCE_DETECTORS.get(name) ?? []) });
  await detected.waitForAsyncAttributes?.();
  const { attributes: wanted, serviceName } = node?.['detection/development'] ?? {};
  const found = { ...detected.attributes, ...(serviceName && { [ATTRIBUTE.serviceName]: serviceName }) };
  const isChosen = isChosenBy(wanted);
  const chosen = Object.entries(found).filter(([key]) => isChosen(key));
  const own: Attributes = { ...listed(node?.attributes_list ?? '') };
  for (const { name, value } of node?.attributes ?? []) if (value !== null) own[name] = value as Attributes[string];
  const options = node?.schema_url ? { schemaUrl: node.schema_url } : {};
  const { attributes, schemaUrl } = defaultResource()
    .merge(resourceFromAttributes(Object.fromEntries(chosen)))
    .merge(resourceFromAttributes(own, options));
  return resourceFromAttributes(redaction.cleaned(attributes), { ...(schemaUrl !== undefined && { schemaUrl }) });
}

/** Reads `key=value,key=value`, percent-encoded; one bad entry makes the whole list bad (specification). */
function listed(text: string): Record<string, string> {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '');
  try {
    return Object.fromEntries(
      pairs.map((pair) => {
        const [name, value, ...rest] = pair.split('=').map((part) => decodeURIComponent(part.trim()));
        if (!name || value === undefined || rest.length > 0) throw new Error(`"${pair.trim()}" is not key=value`);
        return [name, value];
      }),
    );
  } catch (error) {
    warn('SETTING_UNKNOWN', `resource attributes: ${(error as Error).message}`);
    return {};
  }
}

/** The process without its command line, which carries secrets while the resource travels with every batch. */
function detectProcess(): ReturnType<ResourceDetector['detect']> {
  const attributes = Object.entries(processDetector.detect().attributes ?? {});
  return { attributes: Object.fromEntries(attributes.filter(([key]) => !key.startsWith('process.command'))) };
}
