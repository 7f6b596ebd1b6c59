/** Rates of a row that depend on the jurisdiction of the call. */
import type { FieldReader, Fields } from './fields.ts';
import type { JurisdictionRates } from './model.ts';
import type { ProblemList } from './problems.ts';
import { RATE_SCALE } from './scales.ts';

export const JURISDICTION_COLUMNS = ['rate_interstate', 'rate_intrastate', 'rate_indeterminate'] as const;

/**
 * @param rate     the row's rate, which holds where it has none for a jurisdiction; null when it has none
 * @param hasLists whether rates of the row depend on something else, too
 * @returns null when the row has one rate in all jurisdictions
 */
export function readJurisdictionRates(
  fields: Fields,
  rate: number | null,
  hasLists: boolean,
  reader: FieldReader,
  problems: ProblemList,
): JurisdictionRates | null {
  const written = JURISDICTION_COLUMNS.filter((name) => fields.text(name) !== undefined);
  if (written.length === 0) return null;
  const place = fields.place(written[0]!);
  if (hasLists) {
    const message = 'The row has rates by jurisdiction and others beside them: which holds is not said';
    problems.add('TOLL_CATALOG_JURISDICTION_INVALID', place, message);
  } else if (rate === null && written.length < JURISDICTION_COLUMNS.length) {
    const missing = JURISDICTION_COLUMNS.filter((name) => !written.includes(name)).join(' and no ');
    const message = `The row has no rate and no ${missing}`;
    problems.add('TOLL_CATALOG_JURISDICTION_INVALID', place, message);
  }
  const rateOf = (name: string): number | null =>
    fields.text(name) === undefined ? rate : reader.decimal(fields, name, RATE_SCALE, 0);
  return {
    interstate: rateOf('rate_interstate'),
    intrastate: rateOf('rate_intrastate'),
    indeterminate: rateOf('rate_indeterminate'),
    other: rate,
  };
}
