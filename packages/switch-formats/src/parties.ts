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

/**
 * The party of a `Diversion` header (RFC 5806) that sent the call on last: its topmost entry.
 * @returns '' when there is none, or it keeps its number to itself
 */
export function redirectingOfDiversion(header: string): string {
  return known(userOfEntry(entriesOf(header)[0] ?? ''));
}

/**
 * The party of a `History-Info` header (RFC 7044) that sent the call on last: the parent of the last entry that names the cause of a
 * diversion (RFC 4458), or else the last that bears a reason itself. Entries without either were only routed.
 * @returns '' when there is none, or it keeps its number to itself
 */
export function redirectingOfHistory(header: string): string {
  const entries = entriesOf(header).map((entry) => ({
    entry,
    index: /;\s*index=([\d.]+)/i.exec(entry)?.[1] ?? '',
    // Before the closing bracket: a parameter of the URI.
    isTarget: /^[^>]*;cause=\d+/i.test(entry),
    hasReason: /[?&]Reason=/i.test(entry),
  }));
  const last = entries.findLastIndex(({ isTarget }) => isTarget);
  if (last < 0) return known(userOfEntry(entries.findLast(({ hasReason }) => hasReason)?.entry ?? ''));
  const { entry, index } = entries[last]!;
  const parent = /;\s*(?:mp|rc|np)=([\d.]+)/i.exec(entry)?.[1] ?? index.replace(/\.?\d+$/, '');
  const diverting = entries.find((each) => each.index === parent && parent !== '') ?? entries[last - 1];
  return known(userOfEntry(diverting?.entry ?? ''));
}

/** A party that a switch names itself, or that stands in the SIP headers it copies: the first that is known. */
export function redirectingParty(named: string, diversion = '', history = ''): string | null {
  const own = /^[^<]*<?sips?:|^<?tel:/i.test(named) ? userOfEntry(named) : named;
  return known(own) || redirectingOfDiversion(diversion) || redirectingOfHistory(history) || null;
}

/** Entries of a header with several: commas in quotes and brackets part nothing. */
function entriesOf(header: string): string[] {
  return (header.match(/(?:"(?:[^"\\]|\\.)*"|<[^>]*>|[^,"<])+/g) ?? []).map((entry) => entry.trim());
}

function userOfEntry(entry: string): string {
  const bracket = entry.lastIndexOf('<');
  return userOf(bracket < 0 ? entry : entry.slice(bracket)).replace(/;.*$/, '');
}

function known(party: string): string {
  return isWithheld(party) ? '' : party;
}
