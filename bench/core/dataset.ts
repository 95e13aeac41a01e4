// Bodies as services send them: 512 spans each, about 13 attributes and 614 bytes a span, 40 operations of 5 services.
import { pick, seeded } from '../../tests/support/random.ts';
import { bodyOf, type TestSpan, traceIdPlaces, traffic } from '../../tests/support/traffic.ts';

/** Spans of one body. */
export const BODY_SPANS = 512;

/** Bodies to send again and again, each time with trace ids not seen before. */
export class Dataset {
  readonly bodies: Buffer[];
  readonly spans: number;
  readonly bytes: number;
  readonly #places: number[][];
  #resends = 0;
  #streamed = 0;

  constructor(bodies: number) {
    this.bodies = makeBodies(bodies);
    this.#places = this.bodies.map(traceIdPlaces);
    this.spans = bodies * BODY_SPANS;
    this.bytes = this.bodies.reduce((sum, body) => sum + body.length, 0);
  }

  /** Gives every trace a new id, the same in every body; its randomness, and so the decision, stays. */
  renew(): void {
    const serial = ++this.#resends;
    this.bodies.forEach((_, i) => this.#renewBody(i, serial));
  }

  /** The next body of an endless stream, renewed; the one before it must be on its way by `bodies.length` calls later. */
  next(): Buffer {
    const i = this.#streamed++ % this.bodies.length;
    if (i === 0) this.#resends++;
    return this.#renewBody(i, this.#resends);
  }

  #renewBody(i: number, serial: number): Buffer {
    const body = this.bodies[i] ?? Buffer.alloc(0);
    for (const place of this.#places[i] ?? []) body.writeUInt32LE(serial, place);
    return body;
  }
}

function makeBodies(count: number): Buffer[] {
  const shape = {
    maxSpans: 15,
    attributes: 13,
    attributeSet: 'http',
    steady: true,
    errorRatio: 0.005,
    slowRatio: 0.02,
  } as const;
  const random = seeded(17);
  // Spans of a trace come from several services, whose flushes are some bodies apart.
  const spans: { at: number; span: TestSpan }[] = traffic({ seed: 1, traces: count * 70, ...shape }).flatMap(
    (trace, t) => trace.map((span) => ({ at: t * 8 + pick(random, 2 * BODY_SPANS), span })),
  );
  spans.sort((a, b) => a.at - b.at);
  return Array.from({ length: count }, (_, i) => {
    const part = spans.slice(i * BODY_SPANS, (i + 1) * BODY_SPANS);
    return Buffer.from(bodyOf(part.map(({ span }) => span)));
  });
}
