import { parseInstant } from '@tollstream/contracts';
import { UsageError } from './failure.ts';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
/** The point and as many digits as multiply by an hour in ms exactly. */
const FRACTION_LENGTH_MAX = 9;
const PART = /(\d+)(\.\d+)?(ms|s|m|h)/gy;

/** '61s', '1m30s', '89.999s', '250ms' → milliseconds. A bare number is refused: its unit would be a guess. */
export function parseDurationMs(text: string, option: string): number {
  let total = 0;
  let end = 0;
  PART.lastIndex = 0;
  for (let match = PART.exec(text); match !== null; match = PART.exec(text)) {
    const unit = UNIT_MS[match[3] ?? ''] ?? 0;
    const ms = fractionMs(match[2] ?? '', unit);
    if (ms === null) {
      end = 0;
      break;
    }
    total += Number(match[1]) * unit + ms;
    end = PART.lastIndex;
  }
  if (end === 0 || end !== text.length || !Number.isSafeInteger(total)) {
    throw new UsageError({
      code: 'TOLL_USAGE_DURATION',
      message: `${option}: '${text}' is not a duration`,
      remedy: 'Write it with its unit, such as 61s, 1m30s, 89.999s or 250ms.',
    });
  }
  return total;
}

/** @returns null for a fraction of a millisecond, which no call has: rounded away, it would price another call than was meant */
function fractionMs(fraction: string, unit: number): number | null {
  if (fraction.length > FRACTION_LENGTH_MAX) return null;
  const digits = fraction.slice(1);
  const ms = (Number(digits) * unit) / 10 ** digits.length;
  return Number.isInteger(ms) ? ms : null;
}

/** ISO 8601 with a zone → ms since epoch. A local time is refused: its zone would be a guess; and so is 30 February. */
export function parseInstantMs(text: string, option: string): number {
  const ms = parseInstant(text.replace(/(T\d\d:\d\d)(?=Z|[+-])/, '$1:00'));
  if (Number.isNaN(ms)) {
    throw new UsageError({
      code: 'TOLL_USAGE_INSTANT',
      message: `${option}: '${text}' is not an instant`,
      remedy: 'Write it in ISO 8601 with a zone, such as 2020-01-15T10:00:00Z.',
    });
  }
  return ms;
}

/** '2020-02' → 202002, or a usage error. */
export function parseMonth(text: string, option: string): string {
  if (!/^\d{4}-(?:0[1-9]|1[0-2])$/.test(text)) {
    throw new UsageError({
      code: 'TOLL_USAGE_MONTH',
      message: `${option}: '${text}' is not a month`,
      remedy: 'Write it as year and month, such as 2020-02.',
    });
  }
  return text;
}

/** The number of a catalog version. @throws {UsageError} TOLL_USAGE_CATALOG_VERSION */
export function parseVersion(text: string): number {
  const version = Number(text);
  if (/^\d{1,10}$/.test(text) && version > 0) return version;
  throw new UsageError({
    code: 'TOLL_USAGE_CATALOG_VERSION',
    message: `'${text}' is not the number of a catalog version`,
    remedy: 'Give a number such as 12; `tollstream catalog history` lists them.',
  });
}
