import { RESOLVED_OUTCOMES, ZERO_TOTALS } from '@tollstream/contracts';
import type { RunningTotals } from '@tollstream/contracts';
import type { Offset } from '@tollstream/event-log';
import type { BlockMessage } from './blocks.ts';
import { placeOf } from './blocks.ts';
import { sourceKey, totalsOf } from './cut.ts';
import type { Cut, SourceRange } from './cut.ts';
import type { Findings } from './findings.ts';
import { OffsetSet } from './offset-set.ts';

const DISCARDED = RESOLVED_OUTCOMES.indexOf('discarded') + 1;

/** All blocks that one batch of raw records became carry the totals as of its end. */
interface Batch {
  readonly first: Offset;
  readonly next: Offset;
  readonly totals: RunningTotals;
  accepted: number;
  rejected: number;
}

interface Source {
  readonly range: SourceRange;
  readonly raw: OffsetSet;
  readonly outcomes: OffsetSet;
  /** Of the whole log, as the other ones are not: records that were rejected, and what became of them. */
  readonly rejected: OffsetSet;
  readonly replayed: OffsetSet;
  readonly discarded: OffsetSet;
  readonly batches: Map<Offset, Batch>;
}

/** Holds what ingest wrote against what it read: each raw record became one row, accepted or rejected. */
export class IngestAudit {
  readonly #cut: Cut;
  readonly #findings: Findings;
  readonly #sources: ReadonlyMap<string, Source>;

  constructor(cut: Cut, findings: Findings) {
    this.#cut = cut;
    this.#findings = findings;
    this.#sources = new Map(
      [...cut.ranges].map(([key, range]) => [
        key,
        {
          range,
          raw: new OffsetSet(),
          outcomes: new OffsetSet(),
          rejected: new OffsetSet(),
          replayed: new OffsetSet(),
          discarded: new OffsetSet(),
          batches: new Map<Offset, Batch>(),
        },
      ]),
    );
  }

  rawRecord(source: string, offset: Offset): void {
    this.#sources.get(source)?.raw.add(offset);
  }

  /** A block of accepted or of rejected records. */
  block(message: BlockMessage): void {
    const { header, source: key } = message;
    const { outcomes } = this.#findings;
    const source = this.#sources.get(key);
    if (source === undefined || key !== sourceKey(header.sourceTopic, header.sourcePartition)) {
      outcomes.differs({
        place: placeOf(message),
        offset: message.offset,
        text: `rows are of ${key}, which ingest did not read for it`,
      });
      return;
    }
    this.#addToBatch(source, message);
    const { from, to } = source.range;
    for (const offset of message.sourceOffsets) {
      if (header.schema === 'rejected') source.rejected.add(offset);
      if (offset < from || offset >= to) continue;
      if (!source.outcomes.add(offset)) {
        outcomes.differs({
          place: key,
          offset,
          text: `has a second outcome in ${placeOf(message)} at offset ${message.offset}`,
        });
      }
    }
  }

  /** A block of what became of rejected records, once all of those are known. */
  resolvedBlock(message: BlockMessage): void {
    const check = this.#findings.rejects;
    const source = this.#sources.get(message.source);
    const outcomes = message.block.column('outcome').uint8s();
    for (const [row, offset] of message.sourceOffsets.entries()) {
      check.checked += 1;
      if (source === undefined) continue;
      const isOpen = !source.replayed.has(offset) && !source.discarded.has(offset);
      source[outcomes[row] === DISCARDED ? 'discarded' : 'replayed'].add(offset);
      const where = `in ${placeOf(message)} at offset ${message.offset}`;
      if (!isOpen) {
        const text = `is replayed or discarded ${where}, after it was before`;
        check.differs({ place: message.source, offset, text });
      } else if (this.#cut.isWhole && !source.rejected.has(offset)) {
        check.differs({
          place: message.source,
          offset,
          text: `is replayed or discarded ${where}, but was not rejected`,
        });
      }
    }
  }

  get rejects(): { readonly rejected: number; readonly replayed: number; readonly discarded: number } {
    const sum = (name: 'rejected' | 'replayed' | 'discarded'): number =>
      [...this.#sources.values()].reduce((total, source) => total + source[name].size, 0);
    return { rejected: sum('rejected'), replayed: sum('replayed'), discarded: sum('discarded') };
  }

  finish(): void {
    for (const { topic, partition, done, ...position } of this.#cut.raw) {
      const key = sourceKey(topic, partition);
      const source = this.#sources.get(key)!;
      this.#compareOutcomes(key, source);
      this.#followTotals(key, source, { done, committed: totalsOf({ topic, partition, done, ...position }) });
    }
  }

  #addToBatch({ batches }: Source, { topic, header, offset, partition }: BlockMessage): void {
    const { firstOffset: first, nextOffset: next, totals, recordCount } = header;
    let batch = batches.get(first);
    if (batch === undefined) {
      batch = { first, next, totals, accepted: 0, rejected: 0 };
      batches.set(first, batch);
    } else if (batch.next !== next || !sameTotals(batch.totals, totals)) {
      this.#findings.ingestTotals.differs({
        place: placeOf({ topic, partition }),
        offset,
        text: 'the blocks of one batch disagree on its totals',
      });
    }
    batch[header.schema === 'rejected' ? 'rejected' : 'accepted'] += recordCount;
  }

  #compareOutcomes(key: string, { raw, outcomes }: Source): void {
    const check = this.#findings.outcomes;
    check.checked += raw.size;
    const lost = raw.without(outcomes);
    if (lost.first !== null) {
      check.differs(
        { place: key, offset: lost.first, text: 'has no outcome: it is neither accepted nor rejected' },
        lost.count,
      );
    }
    const invented = outcomes.without(raw);
    if (invented.first !== null) {
      check.differs(
        { place: key, offset: invented.first, text: 'has an outcome, but the raw record is gone' },
        invented.count,
      );
    }
  }

  #followTotals(
    key: string,
    { batches }: Source,
    { done, committed }: { done: Offset; committed: RunningTotals },
  ): void {
    const check = this.#findings.ingestTotals;
    // A topic that lost its beginning cannot be counted from zero: the first batch says where it stands.
    let before: RunningTotals | null = this.#cut.isWhole ? ZERO_TOTALS : null;
    let next = 0;
    for (const batch of [...batches.values()].toSorted((a, b) => a.first - b.first)) {
      if (batch.next > done) break;
      check.checked += 1;
      if (batch.first < next) {
        check.differs({
          place: key,
          offset: batch.first,
          text: `the batch from here overlaps the one that ends at ${next}`,
        });
      }
      if (before !== null) {
        const accepted = before.accepted + batch.accepted;
        const rejected = before.rejected + batch.rejected;
        if (batch.totals.accepted !== accepted || batch.totals.rejected !== rejected) {
          check.differs({
            place: key,
            offset: batch.first,
            text: `after this batch ${accepted} are accepted and ${rejected} rejected, its blocks say ${batch.totals.accepted} and ${batch.totals.rejected}`,
          });
        }
      }
      before = batch.totals;
      next = batch.next;
    }
    if (before !== null && !sameTotals(before, committed)) {
      check.differs({
        place: key,
        offset: done,
        text: `the committed position says ${committed.seen} records, the last block ${before.seen}`,
      });
    }
  }
}

function sameTotals(a: RunningTotals, b: RunningTotals): boolean {
  const counts = ['seen', 'accepted', 'rejected', 'rated', 'suspended', 'duplicate'] as const;
  return counts.every((name) => a[name] === b[name]) && sameCharges(a.charge, b.charge);
}

/** A currency without an entry stands at zero. */
export function sameCharges(a: RunningTotals['charge'], b: RunningTotals['charge']): boolean {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every(
    (currency) => BigInt(a[currency] ?? '0') === BigInt(b[currency] ?? '0'),
  );
}
