import { ZERO_TOTALS } from '@tollstream/contracts';
import type { NativeBlock, RunningTotals } from '@tollstream/contracts';
import type { Offset } from '@tollstream/event-log';
import { placeOf } from './blocks.ts';
import type { BlockMessage } from './blocks.ts';
import { chargeSums } from './charge-sums.ts';
import { totalsOf } from './cut.ts';
import type { Cut, PartitionCut, SourceRange } from './cut.ts';
import { DuplicateProof } from './duplicate-proof.ts';
import type { Findings } from './findings.ts';
import { sameCharges } from './ingest-audit.ts';
import { OffsetSet } from './offset-set.ts';

type Outcome = 'rated' | 'suspended';

interface Source {
  readonly range: SourceRange;
  /** In the range. */
  readonly accepted: OffsetSet;
  /** Of the whole log: the first call of a duplicate may lie before the range. */
  readonly outcomes: OffsetSet;
  /** Those of the range. */
  readonly verified: OffsetSet;
}

/** What an output block says of its input, until the input is counted. */
interface SeenClaim {
  readonly topic: string;
  readonly offset: Offset;
  readonly acceptedOffset: Offset;
  readonly seen: number;
}

interface Partition {
  readonly cut: PartitionCut;
  readonly committed: RunningTotals;
  /** As of the last block of each kind; null: not counted from zero, and none was seen yet. */
  readonly last: Record<Outcome, RunningTotals | null>;
  readonly claims: SeenClaim[];
  /** Calls up to and including an accepted message, by its offset. */
  readonly callsUpTo: Map<Offset, number>;
  calls: number;
}

/**
 * Holds what rating wrote against what it read: each accepted call is rated, suspended, or the duplicate of one that is. Output blocks go
 * first, then the accepted ones.
 */
export class RatingAudit {
  readonly duplicates: DuplicateProof;
  readonly #cut: Cut;
  readonly #findings: Findings;
  readonly #sources: ReadonlyMap<string, Source>;
  readonly #partitions: ReadonlyMap<number, Partition>;

  constructor(cut: Cut, findings: Findings) {
    this.#cut = cut;
    this.#findings = findings;
    this.duplicates = new DuplicateProof(
      (source, offset) => this.#sources.get(source)?.outcomes.has(offset) === true,
    );
    this.#sources = new Map(
      [...cut.ranges].map(([key, range]) => [
        key,
        { range, accepted: new OffsetSet(), outcomes: new OffsetSet(), verified: new OffsetSet() },
      ]),
    );
    const start = cut.isWhole ? ZERO_TOTALS : null;
    this.#partitions = new Map(
      cut.accepted.map((accepted) => [
        accepted.partition,
        {
          cut: accepted,
          committed: totalsOf(accepted),
          last: { rated: start, suspended: start },
          claims: [],
          callsUpTo: new Map<Offset, number>(),
          calls: 0,
        },
      ]),
    );
  }

  outputBlock(outcome: Outcome, message: BlockMessage): void {
    const { header, partition: number, offset, sourceOffsets, source: key } = message;
    const partition = this.#partitions.get(number);
    // Rating had not committed this when its position was read.
    if (partition === undefined || header.firstOffset >= partition.cut.done) return;
    const place = placeOf(message);
    this.#followTotals(outcome, message, partition);
    partition.claims.push({
      topic: message.topic,
      offset,
      acceptedOffset: header.firstOffset,
      seen: header.totals.seen,
    });
    const source = this.#sources.get(key);
    if (source === undefined) {
      this.#findings.calls.differs({ place, offset, text: `holds calls of ${key}, which is not verified` });
      return;
    }
    for (const sourceOffset of sourceOffsets) {
      if (isIn(source.range, sourceOffset)) source.verified.add(sourceOffset);
      if (source.outcomes.add(sourceOffset)) continue;
      const text = `is ${outcome} a second time in ${place} at offset ${offset}`;
      this.#findings.calls.differs({ place: key, offset: sourceOffset, text });
    }
  }

  acceptedBlock(message: BlockMessage): void {
    const { partition: number, offset, block, sourceOffsets, source: key } = message;
    const partition = this.#partitions.get(number);
    if (partition === undefined || offset >= partition.cut.done) return;
    partition.calls += block.rows;
    partition.callsUpTo.set(offset, partition.calls);
    const source = this.#sources.get(key);
    if (source === undefined) return;
    let withoutOutcome: number[] | null = null;
    for (let row = 0; row < sourceOffsets.length; row++) {
      const sourceOffset = sourceOffsets[row]!;
      if (!isIn(source.range, sourceOffset)) continue;
      source.accepted.add(sourceOffset);
      if (!source.outcomes.has(sourceOffset)) (withoutOutcome ??= []).push(row);
    }
    if (withoutOutcome !== null) this.duplicates.want(message, withoutOutcome);
  }

  finish(): void {
    for (const [key, { accepted, verified }] of this.#sources) {
      this.#findings.calls.checked += accepted.size;
      const invented = verified.without(accepted);
      if (invented.first === null) continue;
      const text = 'is rated or suspended, but was not accepted';
      this.#findings.calls.differs({ place: key, offset: invented.first, text }, invented.count);
    }
    for (const partition of this.#partitions.values()) this.#finishTotals(partition);
  }

  #followTotals(outcome: Outcome, message: BlockMessage, partition: Partition): void {
    const { header, block, offset } = message;
    const check = this.#findings.ratingTotals;
    const place = placeOf(message);
    const before = partition.last[outcome];
    check.checked += 1;
    if (before !== null) {
      const expected = before[outcome] + block.rows;
      if (header.totals[outcome] !== expected) {
        const text = `${expected} calls are ${outcome} up to this block, it says ${header.totals[outcome]}`;
        check.differs({ place, offset, text });
      }
      if (outcome === 'rated' && !sameCharges(addCharges(before.charge, block), header.totals.charge)) {
        check.differs({ place, offset, text: 'the charges up to this block do not add up to what it says' });
      }
    }
    partition.last[outcome] = header.totals;
  }

  #finishTotals({ cut, committed, last, claims, callsUpTo, calls }: Partition): void {
    if (!this.#cut.isWhole) return;
    const check = this.#findings.ratingTotals;
    const place = placeOf(cut);
    for (const { topic, offset, acceptedOffset, seen } of claims) {
      const counted = callsUpTo.get(acceptedOffset) ?? 0;
      if (counted === seen) continue;
      const text = `the block was made after ${seen} calls, ${place} holds ${counted} up to offset ${acceptedOffset}`;
      check.differs({ place: placeOf({ topic, partition: cut.partition }), offset, text });
    }
    const says = (what: string, counted: number | string): void =>
      check.differs({
        place,
        offset: cut.done,
        text: `the committed position says ${what}, the topics hold ${counted}`,
      });
    if (committed.seen !== calls) says(`${committed.seen} calls`, calls);
    for (const outcome of ['rated', 'suspended'] as const) {
      const counted = last[outcome]?.[outcome] ?? 0;
      if (committed[outcome] !== counted) says(`${committed[outcome]} ${outcome}`, counted);
    }
    if (!sameCharges(committed.charge, last.rated?.charge ?? {})) says('another sum of charges', 'theirs');
  }
}

function isIn({ from, to }: SourceRange, offset: Offset): boolean {
  return offset >= from && offset < to;
}

function addCharges(before: RunningTotals['charge'], block: NativeBlock): Record<string, string> {
  const sums = { ...before };
  for (const [currency, sum] of chargeSums(block))
    sums[currency] = (BigInt(sums[currency] ?? '0') + sum).toString();
  return sums;
}
