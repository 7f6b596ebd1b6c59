/**
 * Who pays, by account id and by number, as numbers side by side: with thousands of accounts nearly each call has another payer, and an
 * object for each lies in as many places of memory as it has parts.
 */
import type { Account, Catalog } from '@tollstream/catalog';
import { RememberedKeys } from '@tollstream/contracts';
import type { DialPlan } from '@tollstream/numbering';

/** Account ids that are remembered; beyond it all are forgotten at once. */
const REMEMBERED_PAYERS_MAX = 1_000_000;
/** Dial plans that payers share; beyond it all payers are forgotten. */
const DIAL_PLANS_MAX = 10_000;
const NOBODY_ID = Buffer.alloc(0);
/** Of a call whose account cannot be told. */
export const NOBODY = 0;

export class PayerTable {
  /** Their ids; a payer is the number of his. */
  ids = new RememberedKeys();
  readonly #catalog: Catalog;
  readonly #defaultDialPlan: DialPlan;
  readonly #partitionOf: (accountId: string) => number;
  /** Partition and dial plan of each payer. */
  #terms = new Int32Array(2 * 1024);
  #known = 0;
  #dialPlans: DialPlan[] = [];
  readonly #dialPlanByText = new Map<string, number>();
  readonly #byNumber = new NumberTable();

  constructor(options: {
    readonly catalog: Catalog;
    readonly defaultDialPlan: DialPlan;
    readonly partitionOf: (accountId: string) => number;
  }) {
    this.#catalog = options.catalog;
    this.#defaultDialPlan = options.defaultDialPlan;
    this.#partitionOf = options.partitionOf;
    this.#forget();
  }

  partition(payer: number): number {
    return this.#terms[payer * 2]!;
  }

  dialPlan(payer: number): DialPlan {
    return this.#dialPlans[this.#terms[payer * 2 + 1]!]!;
  }

  /** @param bytes ASCII in [start, end): an account id, known to the catalog or not */
  byId(bytes: Buffer, start: number, end: number): number {
    const payer = this.ids.numberOf(bytes, start, end);
    if (payer < this.#known) return payer;
    const id = bytes.toString('latin1', start, end);
    return this.#remember(id, this.#catalog.accounts.get(id));
  }

  /** The payer whose number it is; `NOBODY` when it is nobody's. */
  byNumber(number: number): number {
    const known = this.#byNumber.get(number);
    if (known >= 0) return known;
    const account = this.#catalog.accountByNumber.get(number);
    if (account === undefined) return NOBODY;
    const id = Buffer.from(account.id);
    let payer = this.ids.numberOf(id, 0, id.length);
    if (payer >= this.#known) payer = this.#remember(account.id, account);
    this.#byNumber.set(number, payer);
    return payer;
  }

  /** Keeps what is asked of a payer whose id was met for the first time. */
  #remember(accountId: string, account: Account | undefined): number {
    if (this.#known >= REMEMBERED_PAYERS_MAX || this.#dialPlans.length >= DIAL_PLANS_MAX) {
      this.#forget();
      const id = Buffer.from(accountId);
      this.ids.numberOf(id, 0, id.length);
    }
    const payer = this.#known++;
    if (payer * 2 === this.#terms.length) {
      const grown = new Int32Array(payer * 4);
      grown.set(this.#terms);
      this.#terms = grown;
    }
    this.#terms[payer * 2] = this.#partitionOf(accountId);
    this.#terms[payer * 2 + 1] = this.#numberOfDialPlan(account?.dialPlan ?? this.#defaultDialPlan);
    return payer;
  }

  #numberOfDialPlan(dialPlan: DialPlan): number {
    const text = `${dialPlan.country} ${dialPlan.areaCode}`;
    let found = this.#dialPlanByText.get(text);
    if (found === undefined) {
      found = this.#dialPlans.push(dialPlan) - 1;
      this.#dialPlanByText.set(text, found);
    }
    return found;
  }

  #forget(): void {
    // Blocks that are open know the keys of before as such, and look up what the new ones are.
    this.ids = new RememberedKeys();
    this.#known = 0;
    this.#dialPlans = [];
    this.#dialPlanByText.clear();
    this.#byNumber.reset();
    this.ids.numberOf(NOBODY_ID, 0, 0);
    this.#remember('', undefined);
  }
}

const INITIAL_SLOTS = 1024;

/** Payers by number: slots of two doubles, the number (0 = free) and the payer; the first free one from the hash on. */
class NumberTable {
  #slots = new Float64Array(INITIAL_SLOTS * 2);
  #count = 0;

  /** -1 when it is not held. */
  get(number: number): number {
    const at = slotOf(this.#slots, number);
    return this.#slots[at] === 0 ? -1 : this.#slots[at + 1]!;
  }

  /** @param number more than 0, not held */
  set(number: number, payer: number): void {
    if (this.#count * 3 > this.#slots.length) this.#grow();
    const at = slotOf(this.#slots, number);
    this.#slots[at] = number;
    this.#slots[at + 1] = payer;
    this.#count += 1;
  }

  reset(): void {
    this.#slots = new Float64Array(INITIAL_SLOTS * 2);
    this.#count = 0;
  }

  /** A third of the slots stay free. */
  #grow(): void {
    const old = this.#slots;
    this.#slots = new Float64Array(old.length * 2);
    for (let from = 0; from < old.length; from += 2) {
      if (old[from] === 0) continue;
      const at = slotOf(this.#slots, old[from]!);
      this.#slots[at] = old[from]!;
      this.#slots[at + 1] = old[from + 1]!;
    }
  }
}

/** Where the number stands, or the free slot where it would. */
function slotOf(slots: Float64Array, number: number): number {
  const mask = slots.length / 2 - 1;
  const high = (number / 4_294_967_296) | 0;
  const mixed = Math.imul((number | 0) ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
  for (let slot = (mixed ^ (mixed >>> 15)) & mask; ; slot = (slot + 1) & mask) {
    const held = slots[slot * 2];
    if (held === number || held === 0) return slot * 2;
  }
}
