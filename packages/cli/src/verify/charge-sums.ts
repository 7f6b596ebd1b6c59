import type { NativeBlock } from '@tollstream/contracts';

/** Sums of the charges of a rated block by currency, scaled integers of any size. */
export function chargeSums(block: NativeBlock): Map<string, bigint> {
  const charges = block.column('charge').integers();
  const { dictionary, indexes } = block.column('currency').lowCardinality();
  const exact = dictionary.map(() => 0n);
  const pending = new Float64Array(dictionary.length);
  for (let row = 0; row < charges.length; row++) {
    const currency = indexes[row]!;
    const charge = charges[row]!;
    if (charge > Number.MAX_SAFE_INTEGER - pending[currency]!) {
      exact[currency]! += BigInt(pending[currency]!);
      pending[currency] = 0;
    }
    pending[currency]! += charge;
  }
  return new Map(dictionary.map((currency, index) => [currency, exact[index]! + BigInt(pending[index]!)]));
}
