// Conditions once more, written the plain way over decoded spans. Shares nothing with collector/src but the words.
import type { DecodedSpan, PlainSpan } from './decoded.ts';

/** A condition as an operator writes it. */
export type WrittenCondition = Readonly<Record<string, unknown>> & { readonly type: string };

type PlainAttributes = PlainSpan['attributes'];
type PlainValue = Record<string, unknown> | undefined;

/** Tells whether a condition holds for the spans of one trace. */
export function holds(condition: WrittenCondition, spans: readonly DecodedSpan[]): boolean {
  const { type, of, min = -Infinity, max = Infinity } = condition as WrittenCondition & { min?: never; max?: never };
  const parts = of as WrittenCondition[];
  switch (type) {
    case 'not':
      return !holds(of as WrittenCondition, spans);
    case 'and':
      return parts.every((part) => holds(part, spans));
    case 'or':
      return parts.some((part) => holds(part, spans));
    case 'status':
      return spans.some(({ span }) => span.status?.code === 2);
    case 'latency':
      return spans.some((each) => isEntry(each) && durationMs(each) > milliseconds(condition['over']));
    case 'duration': {
      const root = spans.find(({ span }) => span.parentSpanId === undefined);
      if (root === undefined) return false;
      const [low, high] = [condition['min'] ?? '0ms', condition['max'] ?? '24d'].map(milliseconds);
      return durationMs(root) >= (low ?? 0) && durationMs(root) <= (high ?? 0);
    }
    case 'span_count':
      return spans.length >= min && spans.length <= max;
    case 'string_attribute':
      if (condition['invert'] === true) return !spans.some((each) => matches(condition, each));
      return spans.some((each) => matches(condition, each));
    default:
      return spans.some((each) => matches(condition, each));
  }
}

/** Tells whether one span is what a condition looks for, without `invert`. */
export function matches(condition: WrittenCondition, decoded: DecodedSpan): boolean {
  const { span } = decoded;
  switch (condition.type) {
    case 'trace_flags':
      return (((span as { flags?: number }).flags ?? 0) & 1) === (condition['sampled'] === false ? 0 : 1);
    case 'service':
      return (condition['names'] as string[]).includes(decoded.serviceName);
    case 'operation':
      return isEntry(decoded) && (condition['names'] as string[]).includes(span.name ?? '');
    default:
      return valuesOf(condition, decoded).some((value) => isWanted(condition, value));
  }
}

function valuesOf({ key, on = 'any' }: WrittenCondition, { span, resource }: DecodedSpan): PlainValue[] {
  const around = JSON.parse(resource) as { resource?: { attributes?: PlainAttributes } };
  const find = (list: PlainAttributes): PlainValue[] => {
    const found = list?.findLast((each) => (each.key ?? '') === key);
    return found === undefined ? [] : [found.value];
  };
  return [
    ...(on === 'resource' ? [] : find(span.attributes)),
    ...(on === 'span' ? [] : find(around.resource?.attributes)),
  ];
}

function isWanted(condition: WrittenCondition, value: PlainValue): boolean {
  const { stringValue, intValue, doubleValue, boolValue } = value ?? {};
  const { min = -Infinity, max = Infinity } = condition as { min?: number; max?: number };
  switch (condition.type) {
    case 'numeric_attribute': {
      const number = intValue ?? doubleValue;
      return number !== undefined && Number(number) >= min && Number(number) <= max;
    }
    case 'boolean_attribute':
      return boolValue === (condition['value'] ?? true);
    default: {
      if (typeof stringValue !== 'string') return false;
      const { values, pattern } = condition as { values?: string[]; pattern?: string };
      return values?.includes(stringValue) ?? new RegExp(pattern ?? '', 'u').test(stringValue);
    }
  }
}

/** No parent, or kind SERVER or CONSUMER. */
function isEntry({ span }: DecodedSpan): boolean {
  return span.parentSpanId === undefined || span.kind === 2 || span.kind === 5;
}

function durationMs({ span }: DecodedSpan): number {
  const ns = BigInt(span.endTimeUnixNano ?? 0) - BigInt(span.startTimeUnixNano ?? 0);
  return ns > 0n ? Number(ns) / 1e6 : 0;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, d: 86_400_000 };

function milliseconds(text: unknown): number {
  const [, number, unit = ''] = /^([\d.]+)(\D+)$/.exec(String(text)) ?? [];
  return Number(number) * (UNITS[unit] ?? 0);
}
