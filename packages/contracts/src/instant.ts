const ISO_8601 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?:Z|([+-])(\d\d):?(\d\d))$/;

/**
 * Ms since epoch of an ISO 8601 instant with a zone (`Z` or an offset); digits beyond milliseconds are cut off. NaN when the
 * text is none, names a day that does not exist, or lacks a zone.
 */
export function parseInstant(text: string): number {
  const match = ISO_8601.exec(text);
  if (match === null) return NaN;
  const [, year, month, day, hour, minute, second, fraction = '', sign, zoneHours, zoneMinutes] = match;
  const local = Date.UTC(+year!, +month! - 1, +day!, +hour!, +minute!, +second!);
  if (+hour! > 23 || +minute! > 59 || +second! > 59) return NaN;
  // Date.UTC carries what is out of range into the next unit: 30 February would become 1 March, and month 0 the December before.
  const date = new Date(local);
  if (date.getUTCDate() !== +day! || date.getUTCMonth() !== +month! - 1 || date.getUTCFullYear() !== +year!)
    return NaN;
  const milliseconds = Number(fraction.padEnd(3, '0').slice(0, 3));
  if (sign === undefined) return local + milliseconds;
  if (+zoneHours! > 14 || +zoneMinutes! > 59) return NaN;
  const offset = (+zoneHours! * 60 + +zoneMinutes!) * 60_000;
  return local + milliseconds + (sign === '+' ? -offset : offset);
}
