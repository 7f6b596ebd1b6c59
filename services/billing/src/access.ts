/** Without keys, programs on this machine may ask. */

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** A web page that rebinds its name to this machine's address still sends its own name. */
export function namesThisMachine(hostHeader: string | undefined): boolean {
  return isLoopback((hostHeader ?? '').replace(/:\d+$/, ''));
}
