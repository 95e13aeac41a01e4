// Passes connections on to an address that may be known later: the translation of addresses no configuration can know.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

/** Listens on 127.0.0.1 and ends with the test. @param target where to, as a URL, asked for each connection */
export async function startForwarder(target: () => string): Promise<string> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    const { hostname, port } = new URL(target());
    const onward = connect(Number(port), hostname);
    for (const each of [socket, onward]) {
      open.add(each);
      each.on('error', () => each.destroy());
    }
    socket.pipe(onward).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const each of open) each.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
