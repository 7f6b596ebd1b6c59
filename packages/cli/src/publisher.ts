import { hostname, userInfo } from 'node:os';

/** Who publishes, for the history: user and machine. */
export function publisherName(): string {
  let user = 'unknown';
  try {
    user = userInfo().username;
  } catch {
    // A user id without a name, as containers have.
  }
  return `${user}@${hostname()}`;
}
