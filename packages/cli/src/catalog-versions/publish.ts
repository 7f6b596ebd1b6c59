/** `tollstream catalog publish` and `rollback`. */
import { publishLoaded, rollbackCatalog } from '@tollstream/catalog-versions';
import type { Published } from '@tollstream/catalog-versions';
import { renderProblems } from '@tollstream/catalog';
import type { PublishCommandOptions } from '../commands/catalog-versions.ts';
import { parseInstantMs, parseVersion } from '../duration.ts';
import { loadDirectory } from '../embedded/run-catalog.ts';
import { publisherName } from '../publisher.ts';
import { count, print, say } from '../terminal.ts';
import { withCatalogLog } from './open-log.ts';
import { versionJson } from './version-json.ts';

export async function runPublish(directory: string, options: PublishCommandOptions): Promise<void> {
  // Checked before the log is opened: what is wrong with the files is said without a broker.
  const { warnings, ...loaded } = await loadDirectory(directory, undefined);
  if (warnings.length > 0) say(renderProblems(warnings));
  await publishAndSay(options, (opened, common) =>
    publishLoaded(opened.log, loaded, {
      ...common,
      next: options.next === true,
      ifNone: options.ifNone === true,
    }),
  );
}

export async function runRollback(version: string, options: PublishCommandOptions): Promise<void> {
  const number = parseVersion(version);
  await publishAndSay(options, (opened, common) => rollbackCatalog(opened.log, number, common));
}

type Publish = (
  opened: Parameters<Parameters<typeof withCatalogLog<void>>[1]>[0],
  common: {
    topic: string;
    groupPrefix: string;
    publishedBy: string;
    message: string;
    effectiveAt: Date | null;
  },
) => Promise<Published>;

async function publishAndSay(options: PublishCommandOptions, publish: Publish): Promise<void> {
  const { data, message = '', by = publisherName(), effectiveAt } = options;
  const effective =
    effectiveAt === undefined ? null : new Date(parseInstantMs(effectiveAt, '--effective-at'));
  await withCatalogLog({ data, access: 'publish' }, async (opened) => {
    const { topic, groupPrefix } = opened;
    const published = await publish(opened, {
      topic,
      groupPrefix,
      publishedBy: by,
      message,
      effectiveAt: effective,
    });
    if (options.json === true)
      print(JSON.stringify({ ...versionJson(published.version), is_new: published.isNew }));
    else print(sentence(published));
  });
}

function sentence({ version, isNew }: Published): string {
  if (!isNew) return `Version ${version.version} is there already; nothing was published.`;
  const { accounts, plans, tariffs, rates } = version.counts;
  const of = version.rollbackOf === null ? '' : `, the content of version ${version.rollbackOf}`;
  const from = version.effectiveAt === null ? '' : ` It holds from ${version.effectiveAt}.`;
  return (
    `Published version ${version.version}${of}: ${count(accounts)} accounts, ${count(plans)} plans, ` +
    `${count(tariffs)} tariffs, ${count(rates)} rates.${from}`
  );
}
