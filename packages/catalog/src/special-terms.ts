/** The terms that few rows of a tariff have. */
import { type FieldReader, type Fields } from './fields.ts';
import type { PriceLists, SpecialTerms } from './model.ts';
import type { ProblemList } from './problems.ts';
import { CHARGE_SCALE } from './scales.ts';

export const SPECIAL_COLUMNS = ['minimum_charge', 'maximum_charge', 'attempt_fee', 'free_seconds'] as const;

/** A row without special terms. */
export const NO_SPECIAL_TERMS: SpecialTerms = {
  minimumCharge: 0,
  maximumCharge: Infinity,
  attemptFee: 0,
  freeSeconds: 0,
  priceLists: null,
};

/** @returns the terms of a row, what it leaves out taken from `defaults` */
export function readSpecialTerms(
  fields: Fields,
  defaults: SpecialTerms,
  priceLists: PriceLists | null,
  reader: FieldReader,
  problems: ProblemList,
): SpecialTerms {
  if (SPECIAL_COLUMNS.every((name) => fields.text(name) === undefined)) {
    return priceLists === null ? defaults : { ...defaults, priceLists };
  }
  const terms: SpecialTerms = {
    minimumCharge: reader.decimal(fields, 'minimum_charge', CHARGE_SCALE, defaults.minimumCharge),
    maximumCharge: reader.decimal(fields, 'maximum_charge', CHARGE_SCALE, defaults.maximumCharge),
    attemptFee: reader.decimal(fields, 'attempt_fee', CHARGE_SCALE, defaults.attemptFee),
    freeSeconds: reader.seconds(fields, 'free_seconds', defaults.freeSeconds),
    priceLists,
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
    terms.priceLists !== null
  );
}
