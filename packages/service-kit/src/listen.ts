import type { Server } from 'node:net';
import { TollError } from './toll-error.ts';

/**
 * Binds a server, or says in a sentence why it cannot.
 * @param options.portSetting the option or variable that a person changes, named in the remedy
 * @throws TollError `TOLL_PORT_IN_USE`, `TOLL_PORT_FORBIDDEN`, `TOLL_HOST_UNKNOWN`
 */
export async function listen(
  server: Server,
  options: { host: string; port: number; portSetting: string },
): Promise<void> {
  const { host, port, portSetting } = options;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const place = `${host}:${port}`;
      if (error.code === 'EADDRINUSE') {
        reject(
          new TollError({
            code: 'TOLL_PORT_IN_USE',
            message: `Another program listens on ${place}.`,
            remedy: `Stop it, or choose another port with ${portSetting} (0 takes a free one).`,
            cause: error,
          }),
        );
      } else if (error.code === 'EACCES') {
        reject(
          new TollError({
            code: 'TOLL_PORT_FORBIDDEN',
            message: `This user may not listen on ${place}.`,
            remedy: `Choose a port from 1024 on with ${portSetting}.`,
            cause: error,
          }),
        );
      } else if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
        reject(
          new TollError({
            code: 'TOLL_HOST_UNKNOWN',
            message: `This machine has no address "${host}" to listen on.`,
            remedy: 'Use 127.0.0.1 (this machine only) or 0.0.0.0 (every interface).',
            cause: error,
          }),
        );
      } else reject(error);
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}
