/**
 * Proves over topics and tables that no call was lost, none was rated twice, and each amount comes out again. Reads only, and may do so
 * while the pipeline runs.
 */
import { parseTotals } from '@tollstream/contracts';
import type { EventLog, Offset } from '@tollstream/event-log';
import { readNote } from '@tollstream/service-aggregator';
import { groupName } from '@tollstream/service-kit';
import type { UsageStore, UsageTable } from '@tollstream/usage-store';
import { GapWatch, placeOf, readBlocks } from './blocks.ts';
import type { BlockMessage } from './blocks.ts';
import { TABLE_TOPICS, sourceKey, takeCut } from './cut.ts';
import type { Cut, PartitionCut, VerifiedTopics } from './cut.ts';
import { CONTENT_COLUMNS, countConflicts, findRatedTwice } from './conflicts.ts';
import type { RatedTwice } from './conflicts.ts';
import { Check, Findings } from './findings.ts';
import type { Difference } from './findings.ts';
import { IngestAudit } from './ingest-audit.ts';
import { RatingAudit } from './rating-audit.ts';
import { Repricer } from './reprice.ts';
import { auditRevisions } from './revision-audit.ts';
import {
  callKey,
  compareRows,
  hasAdjustments,
  rowHashesOf,
  rowsOfTable,
  lastOffsetsIn,
  storedCallTerms,
  sumsOfTable,
} from './store-audit.ts';
import type { AuditedRow, CallKey, HashedTable, RowHashes } from './store-audit.ts';
import { STRETCH_OFFSETS, TableSums, differingStretches } from './table-sums.ts';
import type { Stretch, StretchSum } from './table-sums.ts';

export interface VerifySubject {
  readonly log: EventLog;
  readonly store: UsageStore;
  readonly topics: VerifiedTopics;
  readonly groupPrefix: string;
}

export interface VerifyOptions {
  /** Offsets of the raw topic, half-open; of each of its partitions. Default: all. */
  readonly from?: Offset | undefined;
  readonly to?: Offset | undefined;
  /** Told now and then how far the reading is. */
  readonly onProgress?: ((progress: { topic: string; read: number; of: number }) => void) | undefined;
}

export interface Verdict {
  readonly findings: Findings;
  /** Raw records that were verified. */
  readonly calls: number;
  /** Raw records taken up that are not in their table yet. */
  readonly underWay: number;
  readonly rows: Readonly<Record<UsageTable, number>>;
  readonly duplicates: number;
  /** Of the whole log: calls suspended, and how many of them were rated or discarded since; the rest is open. */
  readonly suspense: RatingAudit['suspense'];
  /** Of the whole log: records rejected, and how many of them were replayed or discarded since; the rest is open. */
  readonly rejects: IngestAudit['rejects'];
  /** Currency → scaled sum of charges of the rows of `usage`. */
  readonly charge: ReadonlyMap<string, bigint>;
  /** Rows of calls that came twice, too far apart for the duplicate window, and that the table keeps once. */
  readonly collapsed: number;
  /** Records that say something else than another one of their call. */
  readonly conflicts: {
    /** Kept apart from the first one, and not rated. */
    readonly kept: number;
    /** Rated both, and both in the table. */
    readonly ratedTwice: RatedTwice;
    /** Of the collapsed ones: the row that the table keeps says something else. */
    readonly replaced: number;
    readonly firstReplaced: Difference | null;
  };
  /** Calls of the sample that could not be priced again for want of data. */
  readonly unproven: number;
}

const TABLES = ['usage', 'usage_suspended', 'usage_resolved', 'usage_rejected', 'usage_alerts'] as const;

/** How often it begins anew because something was taken up again meanwhile. */
const ATTEMPTS_MAX = 3;

/**
 * What is taken up again while this reads goes into the midst of what was read. So a difference counts only if nothing was taken up
 * meanwhile.
 */
export async function verify(subject: VerifySubject, options: VerifyOptions = {}): Promise<Verdict> {
  for (let attempt = 1; ; attempt++) {
    const before = await replaysDone(subject);
    const verdict = await verifyOnce(subject, options);
    if (verdict.findings.first === null || attempt === ATTEMPTS_MAX) return verdict;
    if ((await replaysDone(subject)) === before) return verdict;
  }
}

async function replaysDone({ log, topics, groupPrefix }: VerifySubject): Promise<number> {
  // What was asked for of rejected records is the position of who asks.
  const rejects = await log.committed(groupName('rejects', groupPrefix), topics.rejected, 0);
  let sum = rejects?.offset ?? 0;
  for (const { partition } of await log.offsets(topics.accepted)) {
    const committed = await log.committed(groupName('rating', groupPrefix), topics.accepted, partition);
    sum += parseTotals(committed?.metadata ?? '').replayed;
  }
  return sum;
}

async function verifyOnce(subject: VerifySubject, options: VerifyOptions): Promise<Verdict> {
  const { log, store, topics, groupPrefix } = subject;
  const findings = new Findings();
  const hashes = await rowHashesOf(store);
  const cut = await takeCut(log, topics, { groupPrefix, from: options.from, to: options.to });
  const adjusted = await hasAdjustments(store);
  const hashedTable = (table: UsageTable): HashedTable => ({
    table,
    hash: hashes[table],
    isAdjusted: table === 'usage' && adjusted,
  });
  // The engine sums with its own threads while the topics are read here.
  const stored = Promise.all(TABLES.map((table) => sumsOfTable(store, hashedTable(table), cut.ranges)));
  stored.catch(() => undefined);
  const twice = findRatedTwice(store, cut.ranges);
  twice.catch(() => undefined);
  const reader = new Reader(subject, { cut, findings, hashes }, options.onProgress);
  const ingest = new IngestAudit(cut, findings);
  const rating = new RatingAudit(cut, findings);
  const repricer = new Repricer(findings);
  const sums = {
    usage: new TableSums(cut.ranges),
    usage_suspended: new TableSums(cut.ranges),
    usage_resolved: new TableSums(cut.ranges),
    usage_rejected: new TableSums(cut.ranges),
    usage_alerts: new TableSums(cut.ranges),
  };

  await reader.raw((source, offset) => ingest.rawRecord(source, offset));
  await reader.toTable('usage_rejected', sums.usage_rejected, (message) => ingest.block(message));
  await reader.toTable('usage', sums.usage, (message, hashes) => {
    rating.outputBlock('rated', message);
    repricer.block(message, hashes);
  });
  let kept = 0;
  await reader.toTable('usage_suspended', sums.usage_suspended, (message) => {
    rating.outputBlock('suspended', message);
    kept += countConflicts(message, cut.ranges);
  });
  await reader.toTable('usage_resolved', sums.usage_resolved, (message) => {
    if (message.header.schema === 'reject_resolved') ingest.resolvedBlock(message);
    else rating.outputBlock('resolved', message);
  });
  await reader.toTable('usage_alerts', sums.usage_alerts, (message) => rating.outputBlock('alerts', message));
  await reader.blocks(cut.accepted, findings.offsets, (message) => {
    if (message.header.schema === 'replay') {
      rating.replayBlock(message);
      return;
    }
    ingest.block(message);
    rating.acceptedBlock(message);
  });
  ingest.finish();
  rating.finish();
  // Where the log lost its beginning, the first calls of duplicates may be gone with it.
  if (rating.duplicates.count > 0 && cut.isWhole) {
    // Read once already: what is broken has been told.
    const told = new Check('');
    await reader.blocks(cut.accepted, told, (message) => {
      if (message.header.schema !== 'replay') rating.duplicates.seek(message);
    });
    rating.duplicates.finish(findings.duplicates);
  }
  const collapsed = { rows: 0, replaced: 0, firstReplaced: null as Difference | null };
  const tableSums = await stored;
  for (const [index, table] of TABLES.entries()) {
    const check = findings[CHECK_OF[table]];
    check.checked += sums[table].rows;
    for (const stretch of differingStretches(sums[table].sums, tableSums[index]!)) {
      const found = await compareStretch(subject, cut, {
        table: hashedTable(table),
        stretch,
        sums: sums[table],
        findings,
      });
      collapsed.rows += found.collapsed;
      collapsed.replaced += found.replaced.differences;
      collapsed.firstReplaced ??= found.replaced.first;
      // What comes after the first difference changes nothing in the verdict, and may be all of the table.
      if (check.first !== null) break;
    }
    await findStrangers(subject, table, findings);
  }
  if (adjusted) await auditRevisions(store, hashes.usage, findings);
  return {
    findings,
    calls: findings.outcomes.checked,
    underWay: [...cut.ranges.values()].reduce((sum, { to, storedTo }) => sum + to - storedTo, 0),
    rows: {
      usage: sums.usage.rows,
      usage_suspended: sums.usage_suspended.rows,
      usage_resolved: sums.usage_resolved.rows,
      usage_rejected: sums.usage_rejected.rows,
      usage_alerts: sums.usage_alerts.rows,
    },
    duplicates: rating.duplicates.count,
    suspense: rating.suspense,
    rejects: ingest.rejects,
    charge: chargeOf(sums.usage.sums),
    collapsed: collapsed.rows,
    conflicts: {
      kept,
      ratedTwice: await twice,
      replaced: collapsed.replaced,
      firstReplaced: collapsed.firstReplaced,
    },
    unproven: repricer.unproven,
  };
}

const CHECK_OF = {
  usage: 'usage',
  usage_suspended: 'suspended',
  usage_resolved: 'resolved',
  usage_rejected: 'rejected',
  usage_alerts: 'alerts',
} as const satisfies Record<UsageTable, keyof Findings>;

/** Reads the topics of a cut and says how far it is. */
class Reader {
  readonly #log: EventLog;
  readonly #cut: Cut;
  readonly #findings: Findings;
  readonly #hashes: RowHashes;
  readonly #onProgress: VerifyOptions['onProgress'];

  constructor(
    { log }: VerifySubject,
    { cut, findings, hashes }: { cut: Cut; findings: Findings; hashes: RowHashes },
    onProgress: VerifyOptions['onProgress'],
  ) {
    this.#log = log;
    this.#cut = cut;
    this.#findings = findings;
    this.#hashes = hashes;
    this.#onProgress = onProgress;
  }

  async raw(found: (source: string, offset: Offset) => void): Promise<void> {
    for (const partition of this.#cut.raw) {
      const source = sourceKey(partition.topic, partition.partition);
      const { from, to } = this.#cut.ranges.get(source)!;
      const gaps = new GapWatch(this.#log, partition, this.#findings.offsets, { from, to });
      for await (const batch of this.#log.read({
        topic: partition.topic,
        partition: partition.partition,
        from,
        to,
      })) {
        for (const { offset } of batch.records) {
          gaps.next(offset);
          found(source, offset);
        }
        this.#findings.offsets.checked += batch.records.length;
        this.#onProgress?.({ topic: partition.topic, read: batch.nextOffset - from, of: to - from });
      }
      gaps.end();
    }
  }

  async blocks(
    partitions: readonly PartitionCut[],
    check: Check,
    found: (message: BlockMessage) => void,
  ): Promise<void> {
    for (const partition of partitions) {
      const { topic, begin, end } = partition;
      for await (const message of readBlocks(this.#log, partition, check)) {
        found(message);
        this.#onProgress?.({ topic, read: message.offset + 1 - begin, of: end - begin });
      }
    }
  }

  /** The topic that a table is filled from: sums what the table must hold by now. */
  async toTable(
    table: UsageTable,
    sums: TableSums,
    found: (message: BlockMessage, hashes: Uint32Array) => void,
  ): Promise<void> {
    const partitions = this.#cut[TABLE_TOPICS[table]];
    const stored = new Map(partitions.map(({ partition }) => [partition, 0]));
    await this.blocks(partitions, this.#findings.offsets, (message) => {
      const hashes = this.#hashes[table].ofBlock(message.block);
      found(message, hashes);
      if (message.offset >= partitions.find(({ partition }) => partition === message.partition)!.done) return;
      stored.set(message.partition, stored.get(message.partition)! + message.block.rows);
      sums.add(message, hashes);
    });
    if (this.#cut.isWhole)
      for (const partition of partitions) this.#checkNote(table, partition, stored.get(partition.partition)!);
  }

  #checkNote(table: UsageTable, partition: PartitionCut, rows: number): void {
    const note = partition.metadata === '' ? null : readNote(partition.metadata, partition.partition);
    if (note === null || note.rows === rows) return;
    this.#findings[CHECK_OF[table]].differs({
      place: placeOf(partition),
      offset: partition.done,
      text: `the aggregator says it stored ${note.rows} rows up to here, the topic holds ${rows}`,
    });
  }
}

async function compareStretch(
  { log, store, topics }: VerifySubject,
  cut: Cut,
  {
    table,
    stretch,
    sums,
    findings,
  }: { table: HashedTable; stretch: Stretch; sums: TableSums; findings: Findings },
): Promise<{ collapsed: number; replaced: Check }> {
  const { table: name, hash } = table;
  const range = cut.ranges.get(stretch.source)!;
  const topic = topics[TABLE_TOPICS[name]];
  const calls = new Map<Offset, CallKey>();
  const replaced = new Check('');
  const stream = new Map<Offset, AuditedRow[]>();
  for (const place of sums.placesOf(stretch)) {
    const only = {
      topic,
      partition: place.partition,
      begin: place.offset,
      end: place.offset + 1,
      done: 0,
      metadata: '',
    };
    for await (const { block, sourceOffsets } of readBlocks(log, only, findings.offsets)) {
      const hashes = hash.ofBlock(block);
      for (let row = 0; row < hashes.length; row++) {
        const offset = sourceOffsets[row]!;
        if (
          offset < range.from ||
          offset >= range.storedTo ||
          Math.floor(offset / STRETCH_OFFSETS) !== stretch.index
        )
          continue;
        const callId = name === 'usage_rejected' ? '' : block.column('call_id').string(row);
        const audited = { hash: hashes[row]!, callId, terms: () => hash.termsOfRow(block, row) };
        stream.set(offset, [...(stream.get(offset) ?? []), audited]);
        if (name !== 'usage') continue;
        calls.set(offset, {
          callId,
          accountId: block.column('account_id').string(row),
          startedAtMs: block.column('started_at').integer(row),
          leg: block.column('leg').number(row),
          switchId: block.column('switch_id').string(row),
        });
      }
    }
  }
  const content = hash.columns.flatMap((column, index) =>
    CONTENT_COLUMNS.some((each) => each === column.name) ? [index] : [],
  );
  const collapsed = await compareRows({
    table,
    source: stretch.source,
    stream,
    stored: await rowsOfTable(store, table, stretch, range),
    collapsedOf: async (offsets) => {
      const missing = offsets.flatMap((offset) => {
        const call = calls.get(offset);
        return call === undefined ? [] : [{ offset, call }];
      });
      const terms = await storedCallTerms(
        store,
        hash,
        missing.map(({ call }) => call),
      );
      const found = new Set<Offset>();
      for (const { offset, call } of missing) {
        const theirs = terms.get(callKey(call));
        if (theirs === undefined) continue;
        found.add(offset);
        const mine = stream.get(offset)![0]!.terms();
        if (content.every((index) => mine[index] === theirs[index])) continue;
        const text = `call ${call.callId}: a later record with other content took its place in ${name}`;
        replaced.differs({ place: stretch.source, offset, text });
      }
      return found;
    },
    check: findings[CHECK_OF[name]],
  });
  return { collapsed, replaced };
}

async function findStrangers(
  { log, store, topics, groupPrefix }: VerifySubject,
  table: UsageTable,
  findings: Findings,
): Promise<void> {
  // The table first: what ingest commits after it has been looked at cannot be in it.
  const lastOffsets = await lastOffsetsIn(store, table);
  const ends = new Map<string, Offset>();
  for (const topic of topics.raw) {
    for (const { partition, begin } of await log.offsets(topic)) {
      const committed = await log.committed(groupName('ingest', groupPrefix), topic, partition);
      ends.set(sourceKey(topic, partition), committed?.offset ?? begin);
    }
  }
  for (const { source, last } of lastOffsets) {
    if (last < (ends.get(source) ?? 0)) continue;
    const text = `is in ${table}, but ingest has not read such a record`;
    findings[CHECK_OF[table]].differs({ place: source, offset: last, text });
  }
}

function chargeOf(sums: ReadonlyMap<string, StretchSum>): Map<string, bigint> {
  const charges = new Map<string, bigint>();
  for (const [key, { charge }] of sums) {
    const currency = key.slice(key.lastIndexOf('\0') + 1);
    charges.set(currency, (charges.get(currency) ?? 0n) + charge);
  }
  return new Map([...charges].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
