import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the broker's jars, data and log are kept for this user, across checkouts and test runs. */
export function brokerCacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const caches = environment['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(environment['TOLLSTREAM_CACHE_DIR'] || join(caches, 'tollstream'), 'broker');
}
