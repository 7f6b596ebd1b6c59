/** Decimal text of a scaled integer with all its digits: (15333, 6) → '0.015333'. */
export function decimalText(scaled: number | bigint, scale: number): string {
  const isNegative = scaled < 0;
  const digits = String(isNegative ? -BigInt(scaled) : BigInt(scaled)).padStart(scale + 1, '0');
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return isNegative ? `-${text}` : text;
}

/** The same without the zeros at the end: (2000000, 8) → '0.02'. */
export function shortDecimalText(scaled: number | bigint, scale: number): string {
  return decimalText(scaled, scale).replace(/\.?0+$/, (zeros) => (scale === 0 ? zeros : ''));
}
