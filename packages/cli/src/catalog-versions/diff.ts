/** `tollstream catalog diff A B`: what changes in terms of money. */
import { diffCatalogs } from '@tollstream/catalog';
import type { CatalogDiff, EntityDiff, FieldChange, RateChange, TariffDiff } from '@tollstream/catalog';
import type { DiffCommandOptions } from '../commands/catalog-versions.ts';
import { count, print, table } from '../terminal.ts';
import { resolveCatalog } from './resolve.ts';

/** Rows of a tariff that a terminal shows; --all and --json show every one. */
const RATES_SHOWN_MAX = 20;
const KINDS = ['dearer', 'cheaper', 'new', 'ended', 'terms'] as const;

export async function runDiff(before: string, after: string, options: DiffCommandOptions): Promise<void> {
  const [from, to] = [await resolveCatalog(before, options), await resolveCatalog(after, options)];
  const diff = diffCatalogs(from, to);
  if (options.json === true) {
    print(
      JSON.stringify({ from: from.version, to: to.version, ...diff, tariffs: diff.tariffs.map(withCounts) }),
    );
    return;
  }
  if (diff.tariffs.length + diff.plans.length + diff.accounts.length === 0) print('Nothing differs.');
  else print(sections(diff, options.all === true ? Infinity : RATES_SHOWN_MAX).join('\n\n'));
}

function withCounts(tariff: TariffDiff) {
  const of = (kind: RateChange['kind']): number => tariff.rates.filter((rate) => rate.kind === kind).length;
  return { ...tariff, counts: Object.fromEntries(KINDS.map((kind) => [kind, of(kind)])) };
}

function sections({ tariffs, plans, accounts }: CatalogDiff, shownMax: number): string[] {
  return [
    ...tariffs.map((tariff) => tariffText(tariff, shownMax)),
    ...(['plan', 'account'] as const).flatMap((what) =>
      (what === 'plan' ? plans : accounts).map((entity) => entityText(what, entity)),
    ),
  ];
}

function tariffText(tariff: TariffDiff, shownMax: number): string {
  const { counts } = withCounts(tariff);
  const summary = KINDS.filter((kind) => counts[kind] !== 0)
    .map((kind) => `${count(counts[kind]!)} ${kind === 'terms' ? 'in other terms' : kind}`)
    .join(', ');
  const lines = [entityText('tariff', tariff, summary === '' ? '' : `, ${tariff.currency}: ${summary}`)];
  if (tariff.rates.length === 0) return lines.join('\n');
  // The largest rises first: what a customer will ask about.
  const ranked = tariff.rates.toSorted((a, b) => Number(b.percent ?? 0) - Number(a.percent ?? 0));
  lines.push(
    table(
      ['prefix', 'callers', 'destination', 'before', 'after', '%', 'holds', 'other terms'],
      ranked.slice(0, shownMax).map(rateRow),
      [3, 4, 5],
    ),
  );
  if (ranked.length > shownMax) lines.push(`… and ${count(ranked.length - shownMax)} more (--all)`);
  return lines.join('\n');
}

function rateRow(rate: RateChange): string[] {
  const { prefix, callers, description, kind, before, after, percent } = rate;
  return [
    prefix,
    callers,
    description,
    before ?? 'none',
    after ?? 'none',
    percent ?? (kind === 'terms' ? '' : kind),
    period(rate),
    rate.terms.map(fieldText).join('; '),
  ];
}

function period({ from, to }: RateChange): string {
  const day = (instant: string): string => instant.replace('T00:00:00.000Z', '').replace('.000Z', 'Z');
  if (from === null && to === null) return 'always';
  return [from === null ? '' : `from ${day(from)}`, to === null ? '' : `until ${day(to)}`].join(' ').trim();
}

function entityText(what: string, { id, kind, fields }: EntityDiff, rest = ''): string {
  const told = kind === 'changed' ? '' : ` ${kind}`;
  const lines = fields.map((field) => `  ${fieldText(field)}`);
  return [`${what} ${id}${told}${rest}`, ...lines].join('\n');
}

function fieldText({ field, before, after }: FieldChange): string {
  return `${field} ${before ?? 'none'} → ${after ?? 'none'}`;
}
