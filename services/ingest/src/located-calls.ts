/**
 * The short way of a call event: from the bytes of its record into the columns of a block, without an object or a string for any
 * field. It takes what is in the current Avro schema or in plain JSON, in ASCII and valid; everything else is left to the plain way (decode → validate
 * → attribute → add), which is also its oracle: both make the same blocks, byte for byte.
 */
import type { Account, Catalog } from '@tollstream/catalog';
import {
  ByteDictionary,
  CALL_TEXT,
  CallEventCursor,
  CallEventJsonLocator,
  DIRECTIONS,
  DISPOSITIONS,
  DictionaryKey,
} from '@tollstream/contracts';
import type { SourcePosition } from '@tollstream/contracts';
import { normalize, normalizeBytes } from '@tollstream/numbering';
import type { DialPlan, NormalizedNumber } from '@tollstream/numbering';
import { emptyNumber } from './attribute.ts';
import type { BatchBlocks } from './batch-blocks.ts';
import { TIME_MS_MAX } from './limits.ts';
import type { IngestLimits } from './limits.ts';

/** What is known of an account id, found when its first call is met. */
interface Payer {
  readonly account: Account | undefined;
  readonly key: DictionaryKey;
  readonly dialPlan: DialPlan;
  readonly partition: number;
}

/** What the bytes of a call event may be. */
export interface Encodings {
  readonly avro: boolean;
  readonly json: boolean;
}

/** JSON begins with it, and no Avro record does. */
const OPENING_BRACE = 0x7b;

/** Account ids that are remembered; beyond it all are forgotten at once. */
const REMEMBERED_PAYERS_MAX = 1_000_000;

/** Enum8 numbers count from 1. */
const OUTBOUND = DIRECTIONS.indexOf('outbound') + 1;
const INBOUND = DIRECTIONS.indexOf('inbound') + 1;
const INTERNAL = DIRECTIONS.indexOf('internal') + 1;
const ANSWERED = DISPOSITIONS.indexOf('answered') + 1;

export class LocatedCalls {
  readonly #catalog: Catalog;
  readonly #limits: IngestLimits;
  readonly #defaultDialPlan: DialPlan;
  readonly #blocks: BatchBlocks;
  readonly #partitionOf: (accountId: string) => number;
  readonly #cursor = new CallEventCursor();
  readonly #json = new CallEventJsonLocator(this.#cursor);
  readonly #keys = new ByteDictionary();
  #payers: Payer[] = [];
  readonly #payerOfAccount = new Map<Account, Payer>();
  readonly #nobody: Payer;
  readonly #scratch = emptyNumber();
  readonly #place = { start: 0, end: 0 };
  readonly #attribution = {
    account: new DictionaryKey(''),
    origin: emptyNumber(),
    destination: emptyNumber(),
    direction: 0,
    routingNumber: '',
  };

  constructor(options: {
    readonly catalog: Catalog;
    readonly limits: IngestLimits;
    readonly defaultDialPlan: DialPlan;
    readonly blocks: BatchBlocks;
    readonly partitionOf: (accountId: string) => number;
  }) {
    this.#catalog = options.catalog;
    this.#limits = options.limits;
    this.#defaultDialPlan = options.defaultDialPlan;
    this.#blocks = options.blocks;
    this.#partitionOf = options.partitionOf;
    this.#nobody = this.#newPayer('', undefined);
  }

  /**
   * Makes a row of the record `bytes[start, end)`.
   * @param encodings the record may be in
   * @returns false when the plain way must decide; then nothing was done
   */
  take(
    record: { readonly bytes: Buffer; readonly start: number; readonly end: number },
    encodings: Encodings,
    receivedAt: number,
    source: SourcePosition,
  ): boolean {
    const { bytes, start, end } = record;
    if (end - start > this.#limits.recordBytesMax) return false;
    const isLocated =
      bytes[start] === OPENING_BRACE
        ? encodings.json && this.#json.locate(bytes, start, end)
        : encodings.avro && this.#cursor.locate(bytes, start, end);
    if (!isLocated) return false;
    const cursor = this.#cursor;
    if (!this.#isValid(end - start, receivedAt)) return false;
    const payer = this.#payer();
    const { account, dialPlan } = payer;
    const attribution = this.#attribution;
    const { origin, destination } = attribution;
    this.#normalize(CALL_TEXT.from, dialPlan, origin);
    this.#normalize(CALL_TEXT.to, dialPlan, destination);
    attribution.account = payer.key;
    attribution.direction =
      cursor.direction === OUTBOUND && this.#isInternal(account) ? INTERNAL : cursor.direction;
    attribution.routingNumber = destination.routingNumber;
    this.#blocks.addLocated(payer.partition, cursor, attribution, source);
    return true;
  }

  /** What `validateCall` asks, in one go: which rule is broken is for the plain way to say. */
  #isValid(recordBytes: number, receivedAt: number): boolean {
    const cursor = this.#cursor;
    const { fieldCharactersMax, durationMsMax, futureSkewMsMax } = this.#limits;
    const startedAt = cursor.times[0]!;
    const answeredAt = cursor.times[1]!;
    const endedAt = cursor.times[2]!;
    const isAnswered = cursor.disposition === ANSWERED;
    return (
      cursor.lengthOf(CALL_TEXT.callId) > 0 &&
      cursor.lengthOf(CALL_TEXT.switchId) > 0 &&
      // No field of a record that is as short as this can be too long.
      (recordBytes <= fieldCharactersMax || cursor.longestText() <= fieldCharactersMax) &&
      cursor.leg <= 0xff &&
      startedAt > 0 &&
      endedAt >= startedAt &&
      endedAt < TIME_MS_MAX &&
      isAnswered === answeredAt > 0 &&
      (!isAnswered || (answeredAt >= startedAt && answeredAt <= endedAt)) &&
      endedAt - startedAt <= durationMsMax &&
      (receivedAt < 0 || startedAt <= receivedAt + futureSkewMsMax)
    );
  }

  #payer(): Payer {
    const cursor = this.#cursor;
    if (cursor.lengthOf(CALL_TEXT.account) > 0) {
      const { bytes, starts, ends } = cursor;
      const index = this.#keys.indexOf(bytes, starts[CALL_TEXT.account]!, ends[CALL_TEXT.account]!);
      return this.#payers[index] ?? this.#remember(index, cursor.string(CALL_TEXT.account));
    }
    const charged = cursor.lengthOf(CALL_TEXT.chargedParty) > 0 ? CALL_TEXT.chargedParty : null;
    const own = cursor.direction === INBOUND ? CALL_TEXT.to : CALL_TEXT.from;
    const account = (charged === null ? undefined : this.#accountOf(charged)) ?? this.#accountOf(own);
    if (account === undefined) return this.#nobody;
    let payer = this.#payerOfAccount.get(account);
    if (payer === undefined) {
      payer = this.#newPayer(account.id, account);
      this.#payerOfAccount.set(account, payer);
    }
    return payer;
  }

  #remember(index: number, accountId: string): Payer {
    const payer = this.#newPayer(accountId, this.#catalog.accounts.get(accountId));
    if (index < REMEMBERED_PAYERS_MAX) {
      this.#payers[index] = payer;
    } else {
      this.#keys.reset();
      this.#payers = [];
    }
    return payer;
  }

  #newPayer(accountId: string, account: Account | undefined): Payer {
    return {
      account,
      key: new DictionaryKey(accountId),
      dialPlan: account?.dialPlan ?? this.#defaultDialPlan,
      partition: this.#partitionOf(accountId),
    };
  }

  #accountOf(text: CallText): Account | undefined {
    const { number } = this.#normalize(text, this.#defaultDialPlan, this.#scratch);
    return number === 0 ? undefined : this.#catalog.accountByNumber.get(number);
  }

  #normalize(text: CallText, plan: DialPlan, out: NormalizedNumber): NormalizedNumber {
    const cursor = this.#cursor;
    const place = this.#place;
    place.start = cursor.starts[text]!;
    place.end = cursor.ends[text]!;
    if (!normalizeBytes(cursor.bytes, place, plan, out)) normalize(cursor.string(text), plan, out);
    return out;
  }

  /** As `Attributor` has it: an extension was called from an extension, or from a number of the same account. */
  #isInternal(account: Account | undefined): boolean {
    const { origin, destination } = this.#attribution;
    if (destination.kind !== 'extension') return false;
    if (origin.kind === 'extension') return true;
    return (
      account !== undefined &&
      origin.number !== 0 &&
      this.#catalog.accountByNumber.get(origin.number) === account
    );
  }
}

type CallText = (typeof CALL_TEXT)[keyof typeof CALL_TEXT];
