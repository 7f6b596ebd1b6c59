/** The terms that few rows of a tariff have. */
import { type FieldReader, type Fields } from './fields.ts';
import type { SpecialTerms } from './model.ts';
import type { ProblemList } from './problems.ts';
import { CHARGE_SCALE } from './scales.ts';

export const SPECIAL_COLUMNS = ['minimum_charge', 'maximum_charge', 'attempt_fee', 'free_seconds'] as const;

/** Of a row that has nothing but what can stand under `defaults`, too. */
export const NOTHING_OF_ITS_OWN = { priceLists: null, origin: null, jurisdictionRates: null } as const;

/** A row without special terms. */
export const NO_SPECIAL_TERMS: SpecialTerms = {
  minimumCharge: 0,
  maximumCharge: Infinity,
  attemptFee: 0,
  freeSeconds: 0,
  ...NOTHING_OF_ITS_OWN,
};

/**
 * @param own what a row has of its own alone
 * @returns the terms of a row, what it leaves out taken from `defaults`
 */
export function readSpecialTerms(
  fields: Fields,
  defaults: SpecialTerms,
  own: Pick<SpecialTerms, 'priceLists' | 'origin' | 'jurisdictionRates'>,
  reader: FieldReader,
  problems: ProblemList,
): SpecialTerms {
  if (SPECIAL_COLUMNS.every((name) => fields.text(name) === undefined)) {
    const { priceLists, origin, jurisdictionRates } = own;
    const isPlain = priceLists === null && origin === null && jurisdictionRates === null;
    return isPlain ? defaults : { ...defaults, ...own };
  }
  const terms: SpecialTerms = {
    minimumCharge: reader.decimal(fields, 'minimum_charge', CHARGE_SCALE, defaults.minimumCharge),
    maximumCharge: reader.decimal(fields, 'maximum_charge', CHARGE_SCALE, defaults.maximumCharge),
    attemptFee: reader.decimal(fields, 'attempt_fee', CHARGE_SCALE, defaults.attemptFee),
    freeSeconds: reader.seconds(fields, 'free_seconds', defaults.freeSeconds),
    ...own,
  };
  if (terms.maximumCharge < terms.minimumCharge) {
    problems.add(
      'TOLL_CATALOG_CHARGE_INVERTED',
      fields.place('maximum_charge'),
      'The maximum charge is below the minimum charge',
    );
  }
  return terms;
}

export function isSpecial(terms: SpecialTerms): boolean {
  return (
    terms.minimumCharge > 0 ||
    terms.maximumCharge < Infinity ||
    terms.attemptFee > 0 ||
    terms.freeSeconds > 0 ||
    terms.priceLists !== null ||
    terms.origin !== null ||
    terms.jurisdictionRates !== null
  );
}
