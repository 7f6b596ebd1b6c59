/** `tollstream costs`: what carriers charge, for the view finance.margin. */
import { CatalogInvalidError, loadTariff, renderProblems } from '@tollstream/catalog';
import type { Tariff } from '@tollstream/catalog';
import type { SettlementStore } from '@tollstream/usage-store';
import { using } from '../billing/open-billing.ts';
import type { CostOptions, LoadCostOptions, RemoveCostOptions } from '../commands/costs.ts';
import { parseInstantMs } from '../duration.ts';
import { UsageError } from '../failure.ts';
import { openUsage } from '../settlement/open.ts';
import { count, print, table } from '../terminal.ts';
import { costEntries, costRowsOf, replacedFrom } from './cost-rates.ts';
import { loadedDecks, putInForce, rowsOfLoad } from './cost-tables.ts';
import type { CostDirection, CostSubject, LoadedDeck } from './cost-tables.ts';

export async function loadCosts(options: LoadCostOptions): Promise<void> {
  const subject = subjectOf(options);
  const fromMs = options.from === undefined ? null : dayMs(options.from);
  const tariff = await tariffOf(options.catalog, options.tariff);
  const { rows, refused } = costRowsOf(tariff);
  if (refused.length > 0) {
    throw new UsageError({
      code: 'TOLL_CATALOG_COST_TERMS',
      message: `tariff ${tariff.id} cannot be a cost deck; it has ${refused.join(', ')}`,
      remedy:
        'A cost deck has a rate for each prefix and jurisdiction, increments and connection fees; take the rest out of the tariff.',
    });
  }
  await withCosts(options, async (store) => {
    const before = (await loadedDecks(store)).find(
      ({ direction, trunk }) => direction === subject.direction && trunk === subject.trunk,
    );
    const all =
      fromMs === null
        ? rows
        : replacedFrom(before === undefined ? [] : await rowsOfLoad(store, before.load), rows, fromMs);
    const entries = costEntries(all);
    if (entries.length === 0) {
      throw new UsageError({
        code: 'TOLL_CATALOG_COST_TERMS',
        message: `tariff ${tariff.id} has no rate that ever holds`,
        remedy: 'Import the deck of the carrier into it first; `tollstream costs remove` takes a deck away.',
      });
    }
    await putInForce(store, subject, { deck: tariff.id, entries, nowMs: Date.now() });
    if (options.json === true) print(JSON.stringify({ ...subject, deck: tariff.id, rows: entries.length }));
    else
      print(
        `${tariff.id} is in force for ${nameOf(subject)}: ${count(all.length)} rates in ${tariff.currency}.`,
      );
  });
}

export async function listCosts(options: CostOptions): Promise<void> {
  const decks = await withCosts(options, loadedDecks);
  if (options.json === true) print(JSON.stringify({ decks }));
  else if (decks.length === 0) print('No cost deck is loaded.');
  else
    print(
      table(
        ['calls', 'deck', 'currency', 'rows', 'loaded (UTC)'],
        decks.map((deck: LoadedDeck) => [
          nameOf(deck),
          deck.deck,
          deck.currencies.join(', '),
          count(deck.rows),
          deck.loaded_at,
        ]),
        [3],
      ),
    );
}

export async function removeCosts(options: RemoveCostOptions): Promise<void> {
  const subject = subjectOf(options);
  await withCosts(options, async (store) => {
    await putInForce(store, subject, { deck: '', entries: [], nowMs: Date.now() });
    if (options.json === true) print(JSON.stringify(subject));
    else print(`No deck is in force for ${nameOf(subject)}.`);
  });
}

function subjectOf({ direction, trunk }: RemoveCostOptions): CostSubject {
  return { direction: direction.replace('-', '_') as CostDirection, trunk: trunk ?? '' };
}

function nameOf({ direction, trunk }: CostSubject): string {
  const calls = direction === 'outbound' ? 'outbound calls' : 'calls to toll-free numbers';
  return trunk === '' ? calls : `${calls} over ${trunk}`;
}

/** A date is its midnight in UTC, as in catalog files. */
function dayMs(text: string): number {
  return parseInstantMs(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text, '--from');
}

async function tariffOf(catalog: string, id: string): Promise<Tariff> {
  const read = await loadTariff(catalog, id);
  if (read.ok) return read.tariff;
  throw new CatalogInvalidError(
    `The tariff ${id} of ${catalog} has problems:\n${renderProblems(read.problems)}`,
  );
}

async function withCosts<T>({ data }: CostOptions, ask: (store: SettlementStore) => Promise<T>): Promise<T> {
  return using(openUsage(data), ({ store }) => ask(store));
}
