import type { Direction } from '@tollstream/contracts';
import { decodePercent } from './text.ts';

/** Longest number of an extension. */
const EXTENSION_DIGITS_MAX = 6;

const WITHHELD = new Set(['', 'anonymous', 'unavailable', 'restricted', 'unknown', 'private', 'withheld']);

/** Whether the caller keeps its number to itself. */
export function isWithheld(caller: string): boolean {
  return WITHHELD.has(caller.toLowerCase());
}

export function isExtension(number: string): boolean {
  return /^\d{2,6}$/.test(number) && number.length <= EXTENSION_DIGITS_MAX;
}

/** Called user part as dialled: the number, and the routing number's digits of a ported one (`;rn=`). */
export function readCalled(user: string): { to: string; routingNumber: string | null } {
  const semicolon = user.indexOf(';');
  if (semicolon === -1) return { to: decodePercent(user), routingNumber: null };
  const parameters = user.slice(semicolon);
  const routing = /;rn=([^;]*)/i.exec(parameters)?.[1];
  const digits = routing === undefined ? '' : decodePercent(routing).replace(/\D/g, '');
  return { to: decodePercent(user.slice(0, semicolon)), routingNumber: digits || null };
}

/** User part of a `sip:`, `sips:` or `tel:` URI; '' when there is none. */
export function userOf(uri: string): string {
  const match = /^<?(?:sips?:([^@;>]*)[^@>]*@|tel:([^;>]*))/i.exec(uri);
  return match === null ? '' : decodePercent(match[1] ?? match[2] ?? '');
}

/** Way of a call whose record does not say it, by its numbers alone; short codes such as 911 are no extensions. */
export function directionByNumbers(from: string, to: string): Direction {
  const toExtension = isExtension(to) && to.length > 3;
  if (!toExtension) return 'outbound';
  return isExtension(from) ? 'internal' : 'inbound';
}
