// Listening and closing, alike for every server of the sidecar.
import type { Server } from 'node:http';
import { EvenkeelError } from '../errors.ts';

/** Connections of one server at once; each costs a socket and some kilobytes. */
const MAX_CONNECTIONS = 2048;

/**
 * Listens, and turns the usual failures into one clear error.
 *
 * @param setting the configuration key of the port, named in the error
 * @returns the URL served, with the port the system chose where 0 was asked for
 * @throws PORT_IN_USE, LISTEN_FAILED
 */
export function listen(
  server: Server,
  { host, port }: { host: string; port: number },
  setting: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    server.maxConnections = MAX_CONNECTIONS;
    // Stays: a failing accept later on is the system's trouble, and must not end the process.
    server.on('error', (cause: NodeJS.ErrnoException) => {
      const code = cause.code === 'EADDRINUSE' ? 'PORT_IN_USE' : 'LISTEN_FAILED';
      reject(new EvenkeelError(code, `${host}:${port} (${setting})`, { cause }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      const name = host.includes(':') ? `[${host}]` : host;
      resolve(`http://${name}:${bound}`);
    });
  });
}

/** Takes no new connection, lets open requests end for at most `withinMs`, then cuts what is left. */
export function stopServer(server: Server, withinMs: number): Promise<void> {
  if (!server.listening) return Promise.resolve();
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), withinMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
