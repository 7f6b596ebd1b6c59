/** `tollstream catalog history`: every published version, the newest first. */
import { catalogHistory, versionInForce } from '@tollstream/catalog-versions';
import type { CatalogVersion } from '@tollstream/catalog-versions';
import type { HistoryCommandOptions } from '../commands/catalog-versions.ts';
import { count, print, say, table } from '../terminal.ts';
import { withCatalogLog } from './open-log.ts';
import { versionJson } from './version-json.ts';

export async function runHistory({ data, json }: HistoryCommandOptions): Promise<void> {
  const history = await withCatalogLog({ data, access: 'read' }, ({ log, topic }) =>
    catalogHistory(log, { topic }),
  );
  const inForce = versionInForce(history, Date.now());
  if (json === true) {
    print(JSON.stringify(history.map((each) => ({ ...versionJson(each), in_force: each === inForce }))));
    return;
  }
  if (history.length === 0) say('No version is published. Publish one: `tollstream catalog publish DIR`.');
  else print(historyTable(history, inForce));
}

function historyTable(history: readonly CatalogVersion[], inForce: CatalogVersion | undefined): string {
  const rows = history
    .toReversed()
    .map((each) => [
      String(each.version),
      state(each, inForce),
      each.publishedAt.slice(0, 19).replace('T', ' '),
      each.publishedBy,
      count(each.counts.accounts),
      count(each.counts.rates),
      each.rollbackOf === null ? each.message : `content of ${each.rollbackOf}. ${each.message}`.trim(),
    ]);
  return table(['version', '', 'published (UTC)', 'by', 'accounts', 'rates', 'message'], rows, [0, 4, 5]);
}

function state(version: CatalogVersion, inForce: CatalogVersion | undefined): string {
  if (version === inForce) return 'in force';
  const isAhead = inForce === undefined || version.version > inForce.version;
  return isAhead ? `from ${version.effectiveAt}` : '';
}
