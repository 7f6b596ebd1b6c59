import { RESOLVED_OUTCOMES, ZERO_TOTALS } from '@tollstream/contracts';
import type { NativeBlock, RunningTotals } from '@tollstream/contracts';
import type { Offset } from '@tollstream/event-log';
import { AssemblyProof } from './assembly-proof.ts';
import { placeOf } from './blocks.ts';
import type { BlockMessage } from './blocks.ts';
import { chargeSums } from './charge-sums.ts';
import { totalsOf } from './cut.ts';
import type { Cut, PartitionCut, SourceRange } from './cut.ts';
import { DuplicateProof } from './duplicate-proof.ts';
import type { Findings } from './findings.ts';
import { sameCharges } from './ingest-audit.ts';
import { OffsetSet } from './offset-set.ts';

type Outcome = 'rated' | 'suspended' | 'resolved' | 'alerts';

/** What of the totals counts the rows of a topic. */
const COUNT_OF = { rated: 'rated', suspended: 'suspended', resolved: 'replayed', alerts: 'alerts' } as const;

const RATED = RESOLVED_OUTCOMES.indexOf('rated') + 1;
const ASSEMBLED = RESOLVED_OUTCOMES.indexOf('assembled') + 1;
const KEPT = RESOLVED_OUTCOMES.indexOf('kept') + 1;
const DISCARDED = RESOLVED_OUTCOMES.indexOf('discarded') + 1;

interface Source {
  readonly range: SourceRange;
  /** In the range. */
  readonly accepted: OffsetSet;
  /** Of the whole log: the first call of a duplicate may lie before the range. */
  readonly outcomes: OffsetSet;
  /** Those of the range. */
  readonly verified: OffsetSet;
  /** Of the whole log, as the other ones are not: calls that were suspended, and what became of them. */
  readonly suspended: OffsetSet;
  /** Rated rows of calls that were taken up again. */
  readonly ratedAgain: OffsetSet;
  readonly resolvedAsRated: OffsetSet;
  readonly discarded: OffsetSet;
  /** Parts that were put together, but for the first one of each call, which is rated. */
  readonly assembled: OffsetSet;
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
  /** Suspended calls that were asked for again, and parts of calls that were put together unasked. */
  replays: number;
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
  readonly #assemblies = new AssemblyProof();
  readonly #alertIds = new Set<string>();

  constructor(cut: Cut, findings: Findings) {
    this.#cut = cut;
    this.#findings = findings;
    this.duplicates = new DuplicateProof(
      (source, offset) => this.#sources.get(source)?.outcomes.has(offset) === true,
    );
    this.#sources = new Map(
      [...cut.ranges].map(([key, range]) => [
        key,
        {
          range,
          accepted: new OffsetSet(),
          outcomes: new OffsetSet(),
          verified: new OffsetSet(),
          suspended: new OffsetSet(),
          ratedAgain: new OffsetSet(),
          resolvedAsRated: new OffsetSet(),
          discarded: new OffsetSet(),
          assembled: new OffsetSet(),
        },
      ]),
    );
    const start = cut.isWhole ? ZERO_TOTALS : null;
    this.#partitions = new Map(
      cut.accepted.map((accepted) => [
        accepted.partition,
        {
          cut: accepted,
          committed: totalsOf(accepted),
          last: { rated: start, suspended: start, resolved: start, alerts: start },
          claims: [],
          callsUpTo: new Map<Offset, number>(),
          calls: 0,
          replays: 0,
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
    if (outcome === 'resolved') {
      this.#resolvedRows(message, source, partition);
      return;
    }
    if (outcome === 'alerts') {
      this.#alertRows(message, source);
      return;
    }
    if (header.isReplay) {
      this.#ratedAgainRows(message, source);
      return;
    }
    if (outcome === 'suspended') this.#assemblies.suspended(message);
    for (const sourceOffset of sourceOffsets) {
      if (outcome === 'suspended') source.suspended.add(sourceOffset);
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

  /** Suspended calls that somebody asked for again. */
  replayBlock({ partition: number, offset, block }: BlockMessage): void {
    const partition = this.#partitions.get(number);
    if (partition === undefined || offset >= partition.cut.done) return;
    partition.replays += block.rows;
    partition.callsUpTo.set(offset, partition.calls);
  }

  /** Suspended calls, and what became of them: suspended = open + rated + discarded + assembled. */
  get suspense(): Readonly<Record<'suspended' | 'rated' | 'discarded' | 'assembled', number>> {
    let [suspended, rated, discarded, assembled] = [0, 0, 0, 0];
    for (const source of this.#sources.values()) {
      suspended += source.suspended.size;
      rated += source.resolvedAsRated.size;
      discarded += source.discarded.size;
      assembled += source.assembled.size;
    }
    return { suspended, rated, discarded, assembled };
  }

  finish(): void {
    for (const [key, source] of this.#sources) this.#finishResolutions(key, source);
    this.#assemblies.finish(this.#findings.assemblies, this.#cut.isWhole);
    for (const [key, { accepted, verified }] of this.#sources) {
      this.#findings.calls.checked += accepted.size;
      const invented = verified.without(accepted);
      if (invented.first === null) continue;
      const text = 'is rated or suspended, but was not accepted';
      this.#findings.calls.differs({ place: key, offset: invented.first, text }, invented.count);
    }
    for (const partition of this.#partitions.values()) this.#finishTotals(partition);
  }

  #ratedAgainRows(message: BlockMessage, source: Source): void {
    this.duplicates.ratedAgain(message);
    this.#assemblies.ratedAgain(message);
    for (const offset of message.sourceOffsets) {
      if (isIn(source.range, offset)) source.verified.add(offset);
      if (source.ratedAgain.add(offset)) continue;
      const text = `is rated a second time in ${placeOf(message)} at offset ${message.offset}`;
      this.#findings.resolutions.differs({ place: message.source, offset, text });
    }
  }

  #resolvedRows(message: BlockMessage, source: Source, partition: Partition): void {
    const outcomes = message.block.column('outcome').uint8s();
    const runs = message.block.column('run').lowCardinality();
    for (const [row, offset] of message.sourceOffsets.entries()) {
      this.#findings.resolutions.checked += 1;
      const outcome = outcomes[row]!;
      if (runs.dictionary[runs.indexes[row]!] === '') partition.replays += 1;
      const isOpen =
        !source.resolvedAsRated.has(offset) && !source.discarded.has(offset) && !source.assembled.has(offset);
      if (outcome === RATED) source.resolvedAsRated.add(offset);
      if (outcome === ASSEMBLED) source.assembled.add(offset);
      if (outcome === DISCARDED) source.discarded.add(offset);
      if (outcome === RATED || outcome === ASSEMBLED) this.#assemblies.resolved(message.source, offset);
      // A part may be put together between the asking and the answer, which then is that nothing was done.
      if (isOpen || outcome === KEPT) continue;
      const text = `is taken up in ${placeOf(message)} at offset ${message.offset}, after it was rated or discarded`;
      this.#findings.resolutions.differs({ place: message.source, offset, text });
    }
  }

  #alertRows(message: BlockMessage, { outcomes, suspended, ratedAgain }: Source): void {
    const check = this.#findings.alertCalls;
    const ids = message.block.column('alert_id');
    for (const [row, sourceOffset] of message.sourceOffsets.entries()) {
      check.checked += 1;
      const id = ids.string(row);
      const isRated =
        (outcomes.has(sourceOffset) && !suspended.has(sourceOffset)) || ratedAgain.has(sourceOffset);
      const faults = [
        ...(this.#alertIds.has(id) ? ['was given before'] : []),
        ...(this.#cut.isWhole && !isRated
          ? [`is of ${message.source} offset ${sourceOffset}, which was not rated`]
          : []),
      ];
      this.#alertIds.add(id);
      for (const fault of faults)
        check.differs({ place: placeOf(message), offset: message.offset, text: `alert ${id} ${fault}` });
    }
  }

  #finishResolutions(key: string, source: Source): void {
    const { ratedAgain, resolvedAsRated, discarded, assembled, suspended } = source;
    const differ = (found: ReturnType<OffsetSet['without']>, text: string): void => {
      if (found.first !== null)
        this.#findings.resolutions.differs({ place: key, offset: found.first, text }, found.count);
    };
    differ(ratedAgain.without(resolvedAsRated), 'is rated after it was suspended, but not resolved');
    differ(resolvedAsRated.without(ratedAgain), 'is resolved as rated, but not rated');
    if (!this.#cut.isWhole) return;
    differ(resolvedAsRated.without(suspended), 'is resolved, but was not suspended');
    differ(discarded.without(suspended), 'is discarded, but was not suspended');
    differ(assembled.without(suspended), 'is put together with others, but was not suspended');
  }

  #followTotals(outcome: Outcome, message: BlockMessage, partition: Partition): void {
    const { header, block, offset } = message;
    const check = this.#findings.ratingTotals;
    const place = placeOf(message);
    const before = partition.last[outcome];
    check.checked += 1;
    if (before !== null) {
      const counted = COUNT_OF[outcome];
      const expected = before[counted] + block.rows;
      if (header.totals[counted] !== expected) {
        const what = outcome === 'alerts' ? 'alerts were given' : `calls are ${counted}`;
        const text = `${expected} ${what} up to this block, it says ${header.totals[counted]}`;
        check.differs({ place, offset, text });
      }
      if (outcome === 'rated' && !sameCharges(addCharges(before.charge, block), header.totals.charge)) {
        check.differs({ place, offset, text: 'the charges up to this block do not add up to what it says' });
      }
    }
    partition.last[outcome] = header.totals;
  }

  #finishTotals({ cut, committed, last, claims, callsUpTo, calls, replays }: Partition): void {
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
    if (committed.replayed !== replays) says(`${committed.replayed} suspended calls taken up again`, replays);
    for (const outcome of ['rated', 'suspended', 'resolved', 'alerts'] as const) {
      const name = COUNT_OF[outcome];
      const counted = last[outcome]?.[name] ?? 0;
      if (committed[name] !== counted) says(`${committed[name]} ${name}`, counted);
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
