/** Who may ask: holders of the key, or, without a key, programs on this machine. */
import { createHash, timingSafeEqual } from 'node:crypto';

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Whether the header is `Bearer KEY`; takes as long for a wrong key as for the right one. */
export function hasKey(authorization: string | undefined, key: string): boolean {
  const given = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(key));
}

/** A web page that rebinds its name to this machine's address still sends its own name. */
export function namesThisMachine(hostHeader: string | undefined): boolean {
  return isLoopback((hostHeader ?? '').replace(/:\d+$/, ''));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
