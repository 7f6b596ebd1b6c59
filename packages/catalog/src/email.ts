import type { Fields } from './fields.ts';
import type { ProblemList } from './problems.ts';

/** '' where there is none, or it is none. */
export function readEmail(fields: Fields, problems: ProblemList): string {
  const email = fields.text('email') ?? '';
  if (email === '' || /^[^\s@<>"(),;:]+@[^\s@<>"(),;:.]+(\.[^\s@<>"(),;:.]+)+$/.test(email)) return email;
  problems.add('TOLL_CATALOG_EMAIL_INVALID', fields.place('email'), 'This is no address of e-mail');
  return '';
}
