/**
 * The `swap` scenario: versions of the catalog are published while the four services rate a steady load over a real broker. Then the stream
 * is read back: which versions its batches and rows name, how long each block was on its way through rating, and how long the
 * event loops stood still, while versions came into use and otherwise, in the same processes.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeBlock, readNativeBlock } from '@tollstream/contracts';
import type { BlockHeader } from '@tollstream/contracts';
import { openKafkaEventLog } from '@tollstream/event-log/kafka';
import type { EventLog } from '@tollstream/event-log';
import { pipelineLag, pipelineTotals } from '../../packages/cli/src/embedded/status.ts';
import { tollstream } from '../support/cli.ts';
import { prepareServices } from '../support/services.ts';
import type { Services } from '../support/services.ts';
import { until } from '../support/until.ts';
import { benchBroker, deleteTopics } from './bench-broker.ts';
import { writeBillionsCatalog } from './billions-catalog.ts';
import type { Pause, Span } from './pauses.ts';
import { endsIn, notingPauses, readPauses } from './pauses.ts';
import type { ServiceSwap, SwapResult, SwapSide } from './result.ts';
import { publishSteadily, rawPublisher } from './steady-load.ts';
import type { Load } from './steady-load.ts';

export interface SwapOptions {
  readonly load: Omit<Load, 'catalogDirectory'>;
  readonly partitions: number;
  /** Versions published in the measured time, at even distances. */
  readonly swaps: number;
  readonly prefixes: number;
  readonly accounts: number;
  readonly say: (line: string) => void;
}

const FOLLOWERS = ['ingest', 'rating', 'billing'] as const;
/** What a version leaves behind is collected as garbage after it has come into use. */
const AFTERMATH_MS = 2_000;
const DOMESTIC = 'us-domestic';
const RATE_STEPS_A_UNIT = 10_000;
const FIRST_RATE_STEPS = 200;

/** @throws when a batch holds two versions, or a row names none or another price than its version has */
export async function benchSwap(options: SwapOptions): Promise<SwapResult> {
  const { load, partitions, swaps, say } = options;
  const { brokers } = await benchBroker(say);
  const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-swap-'));
  const log = openKafkaEventLog({ clientId: 'bench', brokers: [...brokers] });
  let stop = async (): Promise<unknown> => undefined;
  try {
    const catalogDirectory = path.join(directory, 'catalog');
    say(`catalog: ${options.prefixes} prefixes, ${options.accounts} accounts …`);
    await writeBillionsCatalog(catalogDirectory, options);
    const prepared = await prepareServices({
      brokers: brokers.join(','),
      directory,
      partitions,
      env: {
        TOLLSTREAM_CATALOG_SOURCE: 'topic',
        TOLLSTREAM_TOPIC_CATALOG: `${path.basename(directory)}.catalog`,
      },
    });
    stop = () => prepared.stop();
    const { topics, groupPrefix, env } = prepared;
    await publishVersion(catalogDirectory, 1, env);
    const services = await prepared.startServices(notingPauses(directory));
    stop = () => services.stop();

    const publisher = await rawPublisher({ brokers, topic: topics.raw, partitions });
    const published: Span[] = [];
    let publishing: Promise<void> | undefined;
    const [step] = await publishSteadily(
      { ...load, catalogDirectory: await frozen(catalogDirectory, directory) },
      (lines) => publisher.publish(lines),
      () => {
        publishing = (async () => {
          const everyMs = (load.seconds * 1_000) / swaps;
          const fromMs = performance.now();
          for (let version = 2; version <= swaps + 1; version += 1) {
            // In the middle of its stretch: there is a time without a swap before and behind it.
            await sleep(Math.max(0, fromMs + everyMs * (version - 1.5) - performance.now()));
            const beganMs = Date.now();
            await publishVersion(catalogDirectory, version, env);
            published.push({ fromMs: beganMs, toMs: Date.now() });
          }
        })();
        publishing.catch(() => undefined);
      },
    );
    await publishing;
    await publisher.close();
    const measured = { fromMs: performance.timeOrigin + step!.fromMs, toMs: Date.now() };
    await until('the last version in use', () =>
      FOLLOWERS.every((name) => swapsOf(services, name).at(-1)?.version === swaps + 1),
    );
    await until('all calls processed', async () => {
      const lag = await pipelineLag(log, topics, groupPrefix);
      return lag.ingest + lag.rating + lag.aggregator === 0;
    });
    const totals = await pipelineTotals(log, topics, groupPrefix);
    say('reading the stream back …');
    const rated = await readBlocks(log, topics.rated);
    const suspended = await readBlocks(log, topics.suspended);
    const accepted = await readBlocks(log, topics.accepted);
    const table = await checkTable(services, swaps + 1);
    if (table.rows !== totals.rated) throw new Error(`${table.rows} rows of ${totals.rated} rated calls`);
    const byService = Object.fromEntries(FOLLOWERS.map((name) => [name, swapsOf(services, name)]));
    await services.stop();
    await deleteTopics(brokers, [...Object.values(topics), env['TOLLSTREAM_TOPIC_CATALOG'] ?? '']);

    const spans = spansOf(published, byService);
    const isSwapping = (half: Span): boolean =>
      spans.some(({ fromMs, toMs }) => half.toMs >= fromMs && half.fromMs <= toMs);
    const isMeasured = endsIn(measured);
    const delays = delaysOf(accepted, rated);
    const side = async (swapping: boolean): Promise<SwapSide> => {
      const pauses = await readPauses(directory, (half) => isMeasured(half) && isSwapping(half) === swapping);
      const own = delays.filter(
        ({ atMs }) =>
          isMeasured({ fromMs: atMs, toMs: atMs }) && isSwapping({ fromMs: atMs, toMs: atMs }) === swapping,
      );
      return { pauses: threadsOf(pauses), ...quantiles(own.map(({ ms }) => ms)) };
    };
    const result: SwapResult = {
      scenario: `kafka-${partitions}-partitions`,
      calls_per_second: Math.round(step!.achieved),
      seconds: load.seconds,
      prefixes: options.prefixes,
      accounts: options.accounts,
      versions: table.versions,
      ...versionsOf([...rated, ...suspended]),
      rows_in_table: table.rows,
      rows_of_another_price: table.rowsOfAnotherPrice,
      swaps: swapTable(byService, accepted),
      with_swaps: await side(true),
      without: await side(false),
    };
    assertSound(result);
    return result;
  } finally {
    await stop();
    await log.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** A copy that stays as it is while versions are made of the original: calls are generated from it. */
async function frozen(catalog: string, directory: string): Promise<string> {
  const copy = path.join(directory, 'frozen');
  await cp(catalog, copy, { recursive: true });
  return copy;
}

/** Each has a domestic rate of its own, so that a row shows by its price which version it was rated by. */
async function publishVersion(
  directory: string,
  version: number,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const file = path.join(directory, 'tariffs', `${DOMESTIC}.yaml`);
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/rate: 0\.0\d+ \}/, `rate: ${rateOf(version)} }`));
  const { code, stderr } = await tollstream(['catalog', 'publish', directory, '--next', '--json'], { env });
  // Warnings of a grown deck stand before what went wrong.
  if (code !== 0)
    throw new Error(
      `version ${version} was not published: ${stderr.trimEnd().split('\n').slice(-5).join('\n')}`,
    );
}

function rateOf(version: number): string {
  return ((FIRST_RATE_STEPS + version) / RATE_STEPS_A_UNIT).toFixed(4);
}

interface ReadBlock {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly sentMs: number;
  readonly header: BlockHeader;
  /** Versions that its rows name, and how many rows name none. Calls of ingest carry none. */
  readonly versions: readonly number[];
  readonly withoutVersion: number;
}

async function readBlocks(log: EventLog, topic: string): Promise<ReadBlock[]> {
  const blocks: ReadBlock[] = [];
  for (const { partition, begin, end } of await log.offsets(topic)) {
    for await (const { records } of log.read({ topic, partition, from: begin, to: end })) {
      for (const { offset, value, timestampMs } of records) {
        const { header, native } = decodeBlock(value!);
        const named =
          header.schema === 'call' ? [] : [...readNativeBlock(native).column('catalog_version').uint32s()];
        const withoutVersion = named.filter((version) => version === 0).length;
        const versions = [...new Set(named)];
        blocks.push({ topic, partition, offset, sentMs: timestampMs, header, versions, withoutVersion });
      }
    }
  }
  return blocks;
}

/**
 * What batches and rows name. A batch is what one transaction wrote to a partition: between two of them the broker puts its marker, which takes
 * an offset.
 */
function versionsOf(
  blocks: readonly ReadBlock[],
): Pick<SwapResult, 'batches' | 'batches_of_two_versions' | 'blocks' | 'rows' | 'rows_without_version'> {
  const batches: Set<number>[] = [];
  let before: ReadBlock | undefined;
  for (const block of blocks) {
    const goesOn =
      before !== undefined &&
      before.topic === block.topic &&
      before.partition === block.partition &&
      before.offset + 1 === block.offset;
    if (!goesOn) batches.push(new Set());
    for (const version of [block.header.catalogVersion, ...block.versions]) batches.at(-1)!.add(version);
    before = block;
  }
  return {
    batches: batches.length,
    batches_of_two_versions: batches.filter(({ size }) => size > 1).length,
    blocks: blocks.length,
    rows: blocks.reduce((sum, { header }) => sum + header.recordCount, 0),
    rows_without_version: blocks.reduce((sum, { withoutVersion }) => sum + withoutVersion, 0),
  };
}

interface Table {
  readonly rows: number;
  readonly versions: Readonly<Record<string, number>>;
  readonly rowsOfAnotherPrice: number;
}

async function checkTable(services: Services, last: number): Promise<Table> {
  const rows = await services.query<{ version: number; rows: string }>(
    'SELECT catalog_version AS version, toString(count()) AS rows FROM tollstream.usage GROUP BY version ORDER BY version',
  );
  const rates = Array.from({ length: last }, (_, i) => `${i + 1}, toDecimal64('${rateOf(i + 1)}', 12)`);
  const [others] = await services.query<{ rows: string }>(
    `SELECT toString(count()) AS rows FROM tollstream.usage WHERE tariff = '${DOMESTIC}' AND rate_per_minute != 0
       AND toDecimal64(rate_per_minute, 12) != map(${rates.join(', ')})[catalog_version]`,
  );
  return {
    rows: rows.reduce((sum, each) => sum + Number(each.rows), 0),
    versions: Object.fromEntries(rows.map((each) => [String(each.version), Number(each.rows)])),
    rowsOfAnotherPrice: Number(others?.rows),
  };
}

interface LoggedSwap {
  readonly version: number;
  readonly atMs: number;
  readonly loadMs: number;
  readonly swapMs: number;
}

/** What a service says of the versions that it took. */
function swapsOf(services: Services, name: string): LoggedSwap[] {
  return services
    .output(name)
    .split('\n')
    .filter((line) => line.includes('"msg":"catalog swapped"'))
    .map((line) => {
      const { version, time, loadMs, swapMs } = JSON.parse(line) as LoggedSwap & { time: string };
      return { version, atMs: Date.parse(time), loadMs, swapMs };
    });
}

/** From a publication until what it replaced is gone everywhere. */
function spansOf(
  published: readonly Span[],
  byService: Readonly<Record<string, readonly LoggedSwap[]>>,
): readonly Span[] {
  return published.map(({ fromMs, toMs }, index) => {
    const ends = Object.values(byService).flatMap((swaps) =>
      swaps.filter(({ version }) => version === index + 2).map(({ atMs }) => atMs),
    );
    return { fromMs, toMs: Math.max(toMs, ...ends) + AFTERMATH_MS };
  });
}

/** From the send of a block of calls to that of its rated ones: the commit of ingest, the fetch, whatever rating waited for, and the rating. */
function delaysOf(
  accepted: readonly ReadBlock[],
  rated: readonly ReadBlock[],
): readonly { readonly atMs: number; readonly ms: number }[] {
  const key = (partition: number, offset: number): string => `${partition}/${offset}`;
  const sent = new Map(accepted.map(({ partition, offset, sentMs }) => [key(partition, offset), sentMs]));
  return rated.map(({ partition, header, sentMs }) => ({
    atMs: sentMs,
    ms: sentMs - sent.get(key(partition, header.firstOffset))!,
  }));
}

function quantiles(times: readonly number[]): Pick<SwapSide, 'blocks' | 'delay_ms'> {
  const sorted = Float64Array.from(times).sort();
  const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  return { blocks: sorted.length, delay_ms: { p50: at(0.5), p99: at(0.99), max: at(1) } };
}

/** Threads that calls go through. */
function threadsOf(pauses: Readonly<Record<string, Pause>>): Readonly<Record<string, Pause>> {
  return Object.fromEntries(
    Object.entries(pauses).filter(([name]) => name === 'ingest' || name === 'rating'),
  );
}

function swapTable(
  byService: Readonly<Record<string, readonly LoggedSwap[]>>,
  accepted: readonly ReadBlock[],
): SwapResult['swaps'] {
  const firstAttributed = new Map<number, number>();
  for (const { header, sentMs } of accepted) {
    const first = Math.min(firstAttributed.get(header.catalogVersion) ?? Infinity, sentMs);
    firstAttributed.set(header.catalogVersion, first);
  }
  return (byService['rating'] ?? []).map(({ version, atMs }) => ({
    version,
    // Rating holds a block of a version that it does not have yet.
    rating_waited_ms: Math.max(0, atMs - (firstAttributed.get(version) ?? Infinity)),
    services: Object.fromEntries(
      Object.entries(byService).flatMap(([name, swaps]): [string, ServiceSwap][] =>
        swaps
          .filter((each) => each.version === version)
          .map(({ loadMs, swapMs }) => [
            name,
            { load_ms: Math.round(loadMs), swap_ms: Number(swapMs.toFixed(3)) },
          ]),
      ),
    ),
  }));
}

function assertSound(result: SwapResult): void {
  const { batches_of_two_versions, rows_without_version, rows_of_another_price } = result;
  const wrong = { batches_of_two_versions, rows_without_version, rows_of_another_price };
  if (Object.values(wrong).some((count) => count > 0)) throw new Error(JSON.stringify(wrong));
}
