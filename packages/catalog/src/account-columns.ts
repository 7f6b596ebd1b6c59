/**
 * The accounts of a catalog in one buffer that threads share: a hundred thousand of them are received at once, and each is made an object when
 * somebody asks for it. By id and by number they are found in hash tables that lie in the buffer, too.
 *
 *   texts      UTF-8 of each account as JSON, one after the other · ends: where each ends
 *   byId       slots of account + 1, 0 = empty: the first free one from the hash of the id on
 *   numbers    E.164 digits, ascending · owners: the account of each
 */
import type { Account, Plan } from './model.ts';

export interface AccountColumns {
  readonly texts: Uint8Array;
  readonly ends: Uint32Array;
  readonly byId: Uint32Array;
  readonly numbers: Float64Array;
  readonly owners: Uint32Array;
}

/** What stands in the text of an account; infinities have no JSON, and plans are named. */
type AccountText = Omit<Account, 'plan' | 'billingStart'> & {
  readonly plan: string;
  readonly billingStart: number | null;
};

export function accountColumns(accounts: Iterable<Account>): AccountColumns {
  const list = [...accounts];
  const pieces = list.map((account) => Buffer.from(JSON.stringify(textOf(account))));
  const texts = sharedBytes(pieces.reduce((sum, { length }) => sum + length, 0));
  const ends = new Uint32Array(new SharedArrayBuffer(list.length * 4));
  let end = 0;
  pieces.forEach((piece, i) => {
    texts.set(piece, end);
    end += piece.length;
    ends[i] = end;
  });
  const slots = slotsFor(list.length);
  const byId = new Uint32Array(new SharedArrayBuffer(slots * 4));
  list.forEach(({ id }, i) => {
    let slot = hashOf(id) & (slots - 1);
    while (byId[slot] !== 0) slot = (slot + 1) & (slots - 1);
    byId[slot] = i + 1;
  });
  const owned = list
    .flatMap((account, owner) => account.numbers.map(({ number }) => ({ number, owner })))
    .sort((a, b) => a.number - b.number);
  const numbers = new Float64Array(new SharedArrayBuffer(owned.length * 8));
  const owners = new Uint32Array(new SharedArrayBuffer(owned.length * 4));
  owned.forEach(({ number, owner }, i) => {
    numbers[i] = number;
    owners[i] = owner;
  });
  return { texts, ends, byId, numbers, owners };
}

function textOf({ plan, billingStart, ...account }: Account): AccountText {
  return {
    ...account,
    plan: plan.id,
    billingStart: Number.isFinite(billingStart) ? billingStart : null,
  };
}

/** The accounts, each made when it is first asked for. */
class StoredAccounts {
  readonly columns: AccountColumns;
  readonly #texts: Buffer;
  readonly #plans: ReadonlyMap<string, Plan>;
  readonly #made = new Map<number, Account>();

  constructor(columns: AccountColumns, plans: ReadonlyMap<string, Plan>) {
    this.columns = columns;
    const { texts } = columns;
    this.#texts = Buffer.from(texts.buffer, texts.byteOffset, texts.byteLength);
    this.#plans = plans;
  }

  at(index: number): Account {
    let account = this.#made.get(index);
    if (account === undefined) {
      const { ends } = this.columns;
      const text = this.#texts.toString('utf8', index === 0 ? 0 : ends[index - 1], ends[index]);
      const { plan, billingStart, ...rest } = JSON.parse(text) as AccountText;
      account = { ...rest, plan: this.#plans.get(plan)!, billingStart: billingStart ?? -Infinity };
      this.#made.set(index, account);
    }
    return account;
  }

  byId(id: string): Account | undefined {
    const { byId } = this.columns;
    for (let slot = hashOf(id) & (byId.length - 1); byId[slot] !== 0; slot = (slot + 1) & (byId.length - 1)) {
      const account = this.at(byId[slot]! - 1);
      if (account.id === id) return account;
    }
    return undefined;
  }

  byNumber(number: number): Account | undefined {
    const { numbers, owners } = this.columns;
    let low = 0;
    let high = numbers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (numbers[middle]! < number) low = middle + 1;
      else high = middle;
    }
    return numbers[low] === number ? this.at(owners[low]!) : undefined;
  }
}

/** A map of which the entries are made when they are asked for. */
class LazyMap<Key, Value> implements ReadonlyMap<Key, Value> {
  readonly size: number;
  readonly #find: (key: Key) => Value | undefined;
  readonly #entryAt: (index: number) => [Key, Value];

  constructor(size: number, find: (key: Key) => Value | undefined, entryAt: (index: number) => [Key, Value]) {
    this.size = size;
    this.#find = find;
    this.#entryAt = entryAt;
  }

  get(key: Key): Value | undefined {
    return this.#find(key);
  }

  has(key: Key): boolean {
    return this.#find(key) !== undefined;
  }

  forEach(callback: (value: Value, key: Key, map: ReadonlyMap<Key, Value>) => void): void {
    for (const [key, value] of this.entries()) callback(value, key, this);
  }

  *entries(): Generator<[Key, Value], undefined> {
    for (let index = 0; index < this.size; index++) yield this.#entryAt(index);
  }

  *keys(): Generator<Key, undefined> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): Generator<Value, undefined> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): Generator<[Key, Value], undefined> {
    return this.entries();
  }
}

export function storedAccounts(
  columns: AccountColumns,
  plans: ReadonlyMap<string, Plan>,
): {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly accountByNumber: ReadonlyMap<number, Account>;
} {
  const stored = new StoredAccounts(columns, plans);
  return {
    accounts: new LazyMap(
      columns.ends.length,
      (id: string) => stored.byId(id),
      (index) => [stored.at(index).id, stored.at(index)],
    ),
    accountByNumber: new LazyMap(
      columns.numbers.length,
      (number: number) => stored.byNumber(number),
      (index) => [columns.numbers[index]!, stored.at(columns.owners[index]!)],
    ),
  };
}

function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}

/** Half of the slots stay empty. */
function slotsFor(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, count) * 2));
}

/** FNV-1a over UTF-16. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
