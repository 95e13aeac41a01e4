// The same with decorators: compile it with tsc, under standard or legacy decorators alike.
import { measurePerformance, startTelemetry } from '@evenkeel/sdk';

class Orders {
  readonly #open = new Map<string, number>();

  @measurePerformance({
    name: 'orders.create',
    attributes: ([sku]: [string, number]) => ({ high: { 'order.sku': sku } }),
  })
  create(sku: string, count: number): number {
    this.#open.set(sku, count);
    return this.#open.size;
  }

  @measurePerformance('orders.list')
  *list(): Generator<string> {
    yield* this.#open.keys();
  }
}

async function main(): Promise<void> {
  const telemetry = await startTelemetry({ serviceName: 'quickstart-decorators' });
  const orders = new Orders();
  orders.create('tea', 2);
  orders.create('cup', 1);
  console.log([...orders.list()].join(', '));
  await telemetry.shutdown();
}

void main();
