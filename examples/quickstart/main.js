// The smallest program that Evenkeel observes: one line at start, one wrapper a function.
import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { measurePerformance, startTelemetry } from '@evenkeel/sdk';

const telemetry = await startTelemetry({ serviceName: 'quickstart' });
const derive = promisify(pbkdf2);

const checkCard = measurePerformance('card.check', (number) => {
  if (!/^\d{16}$/.test(number)) throw new TypeError('a card number has 16 digits');
  return number.slice(-4);
});

const createOrder = measurePerformance(
  { name: 'orders.create', attributes: ([count]) => ({ high: { 'order.count': count } }) },
  async (count, card) => {
    const digits = checkCard(card);
    const receipt = await derive(digits, 'quickstart', 10_000 * count, 16, 'sha256');
    return receipt.toString('hex');
  },
);

for (let count = 1; count <= 5; count++) console.log(await createOrder(count, '4000123412341234'));
await createOrder(1, 'not a card').catch((error) => console.log(`refused: ${error.message}`));

await telemetry.shutdown();
