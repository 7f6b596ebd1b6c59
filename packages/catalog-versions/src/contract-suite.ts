/** What versions of the catalog must do on every event log. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog } from '@tollstream/event-log';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CatalogFiles } from './archive.ts';
import { catalogHistory } from './history.ts';
import { publishCatalog, rollbackCatalog } from './publish.ts';
import type { PublishOptions, Published } from './publish.ts';
import { findVersion, readCatalogFiles, readCatalogVersion } from './read.ts';
import { CONTENT, catalogTopic } from './topic.ts';
import { catalogFiles } from './testing/catalog-files.ts';

export interface VersionsUnderTest {
  readonly log: EventLog;
  dispose(): Promise<void>;
}

const DEADLINE_MS = 60_000;

function textsOf(files: CatalogFiles): Map<string, string> {
  return new Map([...files].map(([path, bytes]) => [path, new TextDecoder().decode(bytes)]));
}

export function describeCatalogVersions(name: string, open: () => Promise<VersionsUnderTest>): void {
  describe(`catalog versions: ${name}`, { timeout: 60_000 }, () => {
    let under: VersionsUnderTest;
    let log: EventLog;
    let topic: string;
    beforeAll(async () => {
      under = await open();
      ({ log } = under);
    }, 120_000);
    afterAll(async () => under?.dispose(), 30_000);
    beforeEach(async () => {
      topic = `catalog-${randomUUID()}`;
      await log.createTopics([catalogTopic(topic)]);
    });

    /** Publishes and waits until readers see it. */
    async function publish(
      version: number,
      rate: string,
      options: Partial<PublishOptions> = {},
    ): Promise<Published> {
      const files = catalogFiles(version, rate);
      return seen(await publishCatalog(log, files, { topic, publishedBy: 'test', ...options }));
    }
    async function seen(published: Published): Promise<Published> {
      const { version } = published.version;
      const deadlineMs = performance.now() + DEADLINE_MS;
      while (!(await versions()).includes(version)) {
        if (performance.now() > deadlineMs) throw new Error(`version ${version} is not seen`);
        await sleep(20);
      }
      return published;
    }
    const versions = async (): Promise<number[]> =>
      (await catalogHistory(log, { topic })).map(({ version }) => version);
    async function rateOf(version: number | 'newest'): Promise<number> {
      const catalog = await readCatalogVersion(log, version, { topic });
      return catalog.tariffs.get('domestic')!.rates.at(0).ratePerMinute;
    }

    it('has no history before the first publication, and none without its topic', async () => {
      expect(await versions()).toEqual([]);
      expect(await catalogHistory(log, { topic: `catalog-${randomUUID()}` })).toEqual([]);
      await expect(readCatalogVersion(log, 'newest', { topic })).rejects.toMatchObject({
        code: 'TOLL_CATALOG_VERSION_NONE',
      });
    });

    it('gives every version back as it was published, with who, when and why', async () => {
      const now = (): number => Date.parse('2020-02-01T10:00:00Z');
      await publish(3, '0.02', { publishedBy: 'ana@office', message: 'First prices', now });
      await publish(4, '0.03');
      const [first, second] = await catalogHistory(log, { topic });
      expect(first).toMatchObject({
        version: 3,
        publishedAt: '2020-02-01T10:00:00.000Z',
        publishedBy: 'ana@office',
        message: 'First prices',
        effectiveAt: null,
        rollbackOf: null,
        counts: { accounts: 1, plans: 1, tariffs: 1, rates: 1, numbers: 0 },
      });
      expect(second?.version).toBe(4);
      expect(await rateOf(3)).toBe(2_000_000);
      expect(await rateOf(4)).toBe(3_000_000);
      expect(await rateOf('newest')).toBe(3_000_000);
      const files = await readCatalogFiles(log, first!, { topic });
      expect(textsOf(files)).toEqual(textsOf(catalogFiles(3, '0.02')));
      await expect(findVersion(log, 9, { topic })).rejects.toMatchObject({
        code: 'TOLL_CATALOG_VERSION_UNKNOWN',
        message: expect.stringContaining('there are 3 to 4') as string,
      });
    });

    it('writes nothing when the newest version has this content already', async () => {
      await publish(1, '0.02');
      const again = await publish(1, '0.02');
      expect(again).toMatchObject({ isNew: false, version: { version: 1 } });
      expect(await publish(1, '0.020', { next: true })).toMatchObject({ isNew: false });
      expect(await versions()).toEqual([1]);
    });

    it('publishes only where nothing is, when asked', async () => {
      expect(await publish(3, '0.02', { ifNone: true })).toMatchObject({ isNew: true });
      expect(await publish(1, '0.03', { ifNone: true })).toMatchObject({
        isNew: false,
        version: { version: 3 },
      });
    });

    it('refuses a number that is taken, and one below the newest', async () => {
      await publish(2, '0.02');
      await publish(5, '0.03');
      await expect(publish(5, '0.04')).rejects.toMatchObject({ code: 'TOLL_CATALOG_VERSION_EXISTS' });
      await expect(publish(4, '0.04')).rejects.toMatchObject({ code: 'TOLL_CATALOG_VERSION_OLDER' });
      // Also with the content that it once had: who publishes it believes that it comes into force.
      await expect(publish(2, '0.02')).rejects.toMatchObject({ code: 'TOLL_CATALOG_VERSION_OLDER' });
      expect(await versions()).toEqual([2, 5]);
    });

    it('counts by itself when asked', async () => {
      expect((await publish(7, '0.02', { next: true })).version.version).toBe(7);
      const next = await publish(1, '0.03', { next: true });
      expect(next.version.version).toBe(8);
      expect((await readCatalogVersion(log, 8, { topic })).version).toBe(8);
      expect(await rateOf(8)).toBe(3_000_000);
    });

    it('refuses a catalog that refers to a missing tariff; the version before stays', async () => {
      await publish(1, '0.02');
      const files = catalogFiles(2, '0.03', 'another');
      await expect(publishCatalog(log, files, { topic, publishedBy: 'test' })).rejects.toMatchObject({
        code: 'TOLL_CATALOG_INVALID',
        message: expect.stringContaining('TOLL_CATALOG_REFERENCE_UNKNOWN') as string,
      });
      expect(await versions()).toEqual([1]);
      expect(await rateOf('newest')).toBe(2_000_000);
    });

    it('brings back old content as a new version, and keeps its bytes once', async () => {
      await publish(1, '0.02');
      await publish(2, '0.03');
      const contentEnd = (await log.offsets(topic))[CONTENT]!.end;
      const back = await seen(await rollbackCatalog(log, 1, { topic, publishedBy: 'test' }));
      expect(back.version).toMatchObject({ version: 3, rollbackOf: 1 });
      expect((await log.offsets(topic))[CONTENT]!.end).toBe(contentEnd);
      expect(await rateOf(3)).toBe(2_000_000);
      expect(await rollbackCatalog(log, 1, { topic, publishedBy: 'test' })).toMatchObject({ isNew: false });
    });

    it('keeps a version in pieces below the limits of a message', async () => {
      await publish(1, '0.02', { chunkBytes: 20 });
      const [version] = await catalogHistory(log, { topic });
      expect(version!.content.chunks).toBeGreaterThan(10);
      expect(await rateOf(1)).toBe(2_000_000);
    });

    it('shows nothing of a publication that ended between its pieces, and the next one is whole', async () => {
      await publish(1, '0.02');
      let steps = 0;
      const onStep = (): void => {
        steps += 1;
        if (steps === 2) throw new Error('killed');
      };
      await expect(publish(2, '0.03', { chunkBytes: 20, onStep })).rejects.toThrow('killed');
      expect(await versions()).toEqual([1]);
      expect(await rateOf('newest')).toBe(2_000_000);
      await publish(2, '0.03', { chunkBytes: 50 });
      expect(await rateOf('newest')).toBe(3_000_000);
    });

    it('lets one publication at a time through', async () => {
      await publish(1, '0.02');
      let hasOvertaken = false;
      const slow = publish(2, '0.03', {
        onStep: async (step) => {
          if (step !== 'manifest' || hasOvertaken) return;
          hasOvertaken = true;
          await publish(2, '0.04');
        },
      });
      await expect(slow).rejects.toMatchObject({ code: 'TOLL_CATALOG_PUBLISH_OVERTAKEN' });
      expect(await rateOf(2)).toBe(4_000_000);
    });

    it('refuses what was changed on the topic since it was published', async () => {
      const { version } = await publish(1, '0.02');
      const changed = { ...version, version: 2, fingerprint: 'f'.repeat(64) };
      const claim = await log.claim('vandal', topic, 0);
      const record = (value: object): { topic: string; partition: number; key: string; value: Buffer } => ({
        topic,
        partition: 0,
        key: 'version/2',
        value: Buffer.from(JSON.stringify(value)),
      });
      await claim.commit({ outputs: [record({ format: 1, ...changed })], nextOffset: 0, metadata: '' });
      await claim.release();
      await seen({ version: changed, isNew: true });
      await expect(readCatalogVersion(log, 2, { topic })).rejects.toMatchObject({
        code: 'TOLL_CATALOG_CONTENT_DAMAGED',
      });
    });

    it('says how much of the content is gone', async () => {
      const { version } = await publish(1, '0.02');
      const content = { ...version.content, chunks: version.content.chunks + 1 };
      await expect(readCatalogFiles(log, { ...version, content }, { topic })).rejects.toMatchObject({
        code: 'TOLL_CATALOG_CONTENT_MISSING',
      });
    });

    it('waits with a version until its time, and never before one that is ahead of it', async () => {
      const now = (): number => Date.parse('2020-02-01T00:00:00Z');
      const effectiveAt = new Date('2020-03-01T00:00:00Z');
      await publish(1, '0.02', { now });
      await publish(2, '0.03', { now, effectiveAt });
      await expect(publish(3, '0.04', { now })).rejects.toMatchObject({
        code: 'TOLL_CATALOG_EFFECTIVE_OUT_OF_ORDER',
      });
    });
  });
}
