/**
 * The accounts of a catalog in one buffer that threads share: a hundred thousand of them are received at once, and each is made an object when
 * somebody asks for it. By id and by number they are found in hash tables that lie in the buffer, too.
 *
 *   bytes      each account as the structured clone writes it, one after the other · ends: where each ends
 *   byId       slots of account + 1, 0 = empty: the first free one from the hash of the id on
 *   numbers    E.164 digits, ascending · owners: the account of each
 */
import { deserialize, serialize } from 'node:v8';
import type { Account, ChargeRule, OwnRules, Plan, Tariff } from './model.ts';

export interface AccountColumns {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
  readonly byId: Uint32Array;
  readonly numbers: Float64Array;
  readonly owners: Uint32Array;
}

/** An account with its plan, and the tariffs of its own rules, named only: they are shared. */
type StoredAccount = Omit<Account, 'plan'> & { readonly plan: string };

export function accountColumns(accounts: Iterable<Account>): AccountColumns {
  const list = [...accounts];
  const pieces = list.map((account) => serialize(storedOf(account)));
  const bytes = sharedBytes(pieces.reduce((sum, { length }) => sum + length, 0));
  const ends = new Uint32Array(new SharedArrayBuffer(list.length * 4));
  let end = 0;
  pieces.forEach((piece, i) => {
    bytes.set(piece, end);
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
  return { bytes, ends, byId, numbers, owners };
}

function storedOf({ plan, ...account }: Account): StoredAccount {
  return { ...withRules(account, ({ id }) => ({ id }) as Tariff), plan: plan.id };
}

/** Everything of an account that may have rules of its own, with other tariffs in them. */
function withRules<Whole extends Pick<Account, 'rules' | 'billingGroups' | 'devices' | 'numbers'>>(
  account: Whole,
  tariffFor: (tariff: Tariff) => Tariff,
): Whole {
  const changed = <Holder extends { readonly rules?: OwnRules }>(holder: Holder): Holder =>
    holder.rules === undefined ? holder : { ...holder, rules: rulesWith(holder.rules, tariffFor) };
  const { billingGroups, devices, numbers } = account;
  return {
    ...changed(account),
    ...(billingGroups === undefined ? {} : { billingGroups: billingGroups.map(changed) }),
    devices: devices.map(changed),
    numbers: numbers.map(changed),
  };
}

function rulesWith(rules: OwnRules, tariffFor: (tariff: Tariff) => Tariff): OwnRules {
  const change = (rule: ChargeRule): ChargeRule =>
    rule.kind === 'tariff' ? { ...rule, tariff: tariffFor(rule.tariff) } : rule;
  return Object.fromEntries(Object.entries(rules).map(([type, rule]) => [type, change(rule)]));
}

/** What accounts share: they come by their ids. */
export interface AccountReferences {
  readonly plans: ReadonlyMap<string, Plan>;
  readonly tariffs: ReadonlyMap<string, Tariff>;
}

/** The accounts, each made when it is first asked for. */
class StoredAccounts {
  readonly columns: AccountColumns;
  readonly #bytes: Buffer;
  readonly #plans: ReadonlyMap<string, Plan>;
  readonly #tariffs: ReadonlyMap<string, Tariff>;
  readonly #made = new Map<number, Account>();

  constructor(columns: AccountColumns, { plans, tariffs }: AccountReferences) {
    this.columns = columns;
    const { bytes } = columns;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#plans = plans;
    this.#tariffs = tariffs;
  }

  at(index: number): Account {
    let account = this.#made.get(index);
    if (account === undefined) {
      const { ends } = this.columns;
      // A copy, because what is read must not lie in shared memory.
      const own = Buffer.from(this.#bytes.subarray(index === 0 ? 0 : ends[index - 1], ends[index]));
      const { plan, ...rest } = deserialize(own) as StoredAccount;
      const known = withRules(rest, ({ id }) => this.#tariffs.get(id)!);
      account = { ...known, plan: this.#plans.get(plan)! };
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
  references: AccountReferences,
): {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly accountByNumber: ReadonlyMap<number, Account>;
} {
  const stored = new StoredAccounts(columns, references);
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
