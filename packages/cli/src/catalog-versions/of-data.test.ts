/** Which catalog a command on a data directory takes. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ProblemList, readCatalogDirectory } from '@tollstream/catalog';
import { catalogTopic, publishCatalog } from '@tollstream/catalog-versions';
import { openSqliteEventLog } from '@tollstream/event-log';
import type { EventLog } from '@tollstream/event-log';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DataSettings } from '../embedded/settings.ts';
import { SAMPLE_CATALOG } from '../paths.ts';
import { ratedCatalogs } from '../settlement/pricing-catalog.ts';
import { catalogOfData } from './of-data.ts';

let data: string;
let given: string;
let settings: DataSettings;
/** Held while the command reads, as by a run. */
let log: EventLog;

beforeEach(async () => {
  data = await mkdtemp(path.join(tmpdir(), 'tollstream-of-data-'));
  given = path.join(data, 'given');
  await cp(SAMPLE_CATALOG, given, { recursive: true });
  settings = { catalog: given, defaultPlan: 'standard', clickhouseUrl: null };
  log = openSqliteEventLog({ directory: path.join(data, 'log') });
});
afterEach(async () => {
  await log.close();
  await rm(data, { recursive: true });
});

async function renumber(version: number): Promise<void> {
  const file = path.join(given, 'catalog.yaml');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/^version:.*$/m, `version: ${version}`));
}

async function publish(version: number, effectiveAt: Date | null = null): Promise<void> {
  await renumber(version);
  if (version === 1) await log.createTopics([catalogTopic()]);
  const files = await readCatalogDirectory(given, new ProblemList());
  await publishCatalog(log, files, { publishedBy: 'test', effectiveAt });
}

test('the published version in force, whatever became of the files that the run was given', async () => {
  await publish(1);
  await publish(2);
  await publish(3, new Date(Date.now() + 86_400_000));
  await renumber(9);
  const catalog = await catalogOfData(data, settings, undefined);
  expect(catalog.version).toBe(2);
  expect(catalog.defaultPlan?.id).toBe('standard');
  await rm(given, { recursive: true });
  expect((await catalogOfData(data, settings, undefined)).version).toBe(2);
});

test('what is named: a version, or a directory', async () => {
  await publish(1);
  await publish(2);
  await renumber(9);
  expect((await catalogOfData(data, settings, '1')).version).toBe(1);
  expect((await catalogOfData(data, settings, given)).version).toBe(9);
  await expect(catalogOfData(data, settings, '7')).rejects.toMatchObject({
    code: 'TOLL_CATALOG_VERSION_UNKNOWN',
  });
});

test('the directory that the run was given, only where nothing is published', async () => {
  await renumber(9);
  expect((await catalogOfData(data, settings, undefined)).version).toBe(9);
});

test('a row is priced by its version as it was published, and by the directory of the run only where that was not', async () => {
  await publish(1);
  // Under the number of the published one, as if it had been edited since.
  const files = path.join(given, 'accounts.yaml');
  const accounts = await readFile(files, 'utf8');
  await writeFile(files, accounts.replace(/time_zone: \S+/, 'time_zone: Asia/Tokyo'));
  const edited = await catalogOfData(data, settings, given);
  const [published, ...others] = await ratedCatalogs([1], { data, settings });
  expect(others).toEqual([]);
  expect(published?.version).toBe(1);
  expect(published?.fingerprint).not.toBe(edited.fingerprint);

  await renumber(9);
  const found = await ratedCatalogs([1, 9, 12], { data, settings });
  expect(found.map(({ version }) => version)).toEqual([1, 9]);
});
