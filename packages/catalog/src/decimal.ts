/** Decimal text to scaled integers, exactly: no float on the way. */

const DECIMAL = /^(\d+)(?:\.(\d*))?$/;

export type DecimalResult =
  { readonly ok: true; readonly scaled: number } | { readonly ok: false; readonly reason: string };

/**
 * @param text  digits with an optional point, not negative
 * @param scale digits kept after the point; more non-zero digits than that are refused, never rounded
 */
export function parseDecimal(text: string, scale: number): DecimalResult {
  if (text.startsWith('-')) return { ok: false, reason: 'is negative' };
  const match = DECIMAL.exec(text);
  if (match === null) return { ok: false, reason: 'is no plain decimal' };
  const whole = match[1]!.replace(/^0+/, '');
  const fraction = (match[2] ?? '').replace(/0+$/, '');
  if (fraction.length > scale) return { ok: false, reason: `has more than ${scale} digits after the point` };
  const digits = whole + fraction.padEnd(scale, '0');
  if (digits.length > 16 || Number(digits) > Number.MAX_SAFE_INTEGER) {
    return { ok: false, reason: 'is too large to be held exactly' };
  }
  return { ok: true, scaled: Number(digits) };
}

/** The shortest decimal text of a scaled integer. */
export function formatDecimal(scaled: number, scale: number): string {
  const digits = String(scaled).padStart(scale + 1, '0');
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  const whole = digits.slice(0, digits.length - scale);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}
