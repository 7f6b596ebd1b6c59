/**
 * The accounts of a catalog in buffers that threads share: a million of them are received at once, and each is made an object when somebody asks
 * for it. By id and by number they are found in tables that lie in the buffers, too.
 *
 *   bytes      each account as `account-record.ts` writes it, one after the other · ends: where each ends
 *   texts      what many of them have in common
 *   byId       slots of account + 1, 0 = empty: the first free one from the hash of the id on
 *   numbers    E.164 digits, ascending · owners: the account of each · byNumber: slots of place + 1, as in byId
 */
import { type AccountReferences, AccountReader, AccountWriter, hasId, readId } from './account-record.ts';
import type { AccountView } from './account-view.ts';
import { hashOf, hashOfNumber, slotCount } from './hash-slots.ts';
import type { Account } from './model.ts';
import { type StringColumns, StringTable, StringTableBuilder } from './string-table.ts';

export interface AccountColumns {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
  readonly texts: StringColumns;
  readonly byId: Uint32Array;
  readonly numbers: Float64Array;
  readonly owners: Uint32Array;
  readonly byNumber: Uint32Array;
}

/** Takes accounts one after the other, so that they never are all in memory as objects. */
export class AccountColumnsBuilder {
  readonly #texts = new StringTableBuilder();
  readonly #writer = new AccountWriter(this.#texts);
  #ends = new Uint32Array(1024);
  #byId = new Uint32Array(2048);
  /** Hashes of the ids, so that the table grows without reading them again. */
  #hashes = new Int32Array(1024);
  #numbers = new Float64Array(1024);
  #owners = new Uint32Array(1024);
  #numberCount = 0;
  size = 0;

  /** Whether there is one with this id. */
  has(id: string): boolean {
    return this.#byId[this.#slotOf(id)] !== 0;
  }

  /** @returns false, with nothing changed, when there is one with its id already */
  add(account: Account): boolean {
    const slot = this.#slotOf(account.id);
    if (this.#byId[slot] !== 0) return false;
    const index = this.size;
    this.#byId[slot] = index + 1;
    this.#writer.write(account);
    if (index === this.#ends.length) {
      this.#ends = longer(this.#ends, Uint32Array);
      this.#hashes = longer(this.#hashes, Int32Array);
    }
    this.#ends[index] = this.#writer.length;
    this.#hashes[index] = hashOf(account.id);
    for (const { number } of account.numbers) {
      if (this.#numberCount === this.#numbers.length) {
        this.#numbers = longer(this.#numbers, Float64Array);
        this.#owners = longer(this.#owners, Uint32Array);
      }
      this.#numbers[this.#numberCount] = number;
      this.#owners[this.#numberCount++] = index;
    }
    this.size = index + 1;
    if (this.size * 2 > this.#byId.length) this.#grow();
    return true;
  }

  finish(): AccountColumns {
    const written = this.#numbers.subarray(0, this.#numberCount);
    const numbers = sharedCopy(written, Float64Array).sort();
    const byNumber = emptySlots(numbers.length);
    numbers.forEach((number, place) => {
      byNumber[slotOfNumber(byNumber, numbers, number)] = place + 1;
    });
    const owners = new Uint32Array(new SharedArrayBuffer(numbers.length * 4));
    written.forEach((number, i) => {
      owners[byNumber[slotOfNumber(byNumber, numbers, number)]! - 1] = this.#owners[i]!;
    });
    return {
      bytes: sharedCopy<Uint8Array>(this.#writer.bytes.subarray(0, this.#writer.length), Uint8Array),
      ends: sharedCopy(this.#ends.subarray(0, this.size), Uint32Array),
      texts: this.#texts.finish(),
      byId: sharedCopy(this.#byId, Uint32Array),
      numbers,
      owners,
      byNumber,
    };
  }

  #slotOf(id: string): number {
    return slotOfId(this.#byId, id, this.#writer.bytes, this.#ends);
  }

  /** Half of the slots stay empty. */
  #grow(): void {
    const slots = new Uint32Array(this.#byId.length * 2);
    for (let index = 0; index < this.size; index++) {
      let slot = this.#hashes[index]! & (slots.length - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = index + 1;
    }
    this.#byId = slots;
  }
}

/** The accounts by their ids, each made when it is first asked for. */
export class AccountTable implements ReadonlyMap<string, Account> {
  readonly columns: AccountColumns;
  readonly #reader: AccountReader;
  readonly #bytes: Buffer;
  readonly #made: (AccountView | undefined)[] = [];

  constructor(columns: AccountColumns, references: AccountReferences) {
    this.columns = columns;
    const { bytes } = columns;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#reader = new AccountReader(this.#bytes, new StringTable(columns.texts), references);
  }

  get size(): number {
    return this.columns.ends.length;
  }

  /** The account as an object that all get who ask for it. */
  at(index: number): Account {
    return (this.#made[index] ??= this.#reader.view(this.beginOf(index)));
  }

  idAt(index: number): string {
    return readId(this.#bytes, this.beginOf(index));
  }

  /** The account at a place with all that it has, not kept: for whoever goes through all of them. */
  passing(index: number): Account {
    return this.#reader.read(this.beginOf(index));
  }

  /** Where the account's bytes begin. */
  beginOf(index: number): number {
    return index === 0 ? 0 : this.columns.ends[index - 1]!;
  }

  #indexOf(id: string): number {
    const { byId, ends } = this.columns;
    return byId[slotOfId(byId, id, this.#bytes, ends)]! - 1;
  }

  get(id: string): Account | undefined {
    const index = this.#indexOf(id);
    return index < 0 ? undefined : this.at(index);
  }

  has(id: string): boolean {
    return this.#indexOf(id) >= 0;
  }

  forEach(callback: (value: Account, key: string, map: ReadonlyMap<string, Account>) => void): void {
    for (const account of this.values()) callback(account, account.id, this);
  }

  *keys(): Generator<string, undefined> {
    for (let index = 0; index < this.size; index++) yield this.idAt(index);
  }

  *values(): Generator<Account, undefined> {
    for (let index = 0; index < this.size; index++) yield this.passing(index);
  }

  *entries(): Generator<[string, Account], undefined> {
    for (const account of this.values()) yield [account.id, account];
  }

  [Symbol.iterator](): Generator<[string, Account], undefined> {
    return this.entries();
  }
}

/** The accounts of a table by their numbers, which come in ascending order. */
class AccountsByNumber implements ReadonlyMap<number, Account> {
  readonly #table: AccountTable;

  constructor(table: AccountTable) {
    this.#table = table;
  }

  get size(): number {
    return this.#table.columns.numbers.length;
  }

  get(number: number): Account | undefined {
    const place = this.#placeOf(number);
    return place < 0 ? undefined : this.#table.at(this.#table.columns.owners[place]!);
  }

  has(number: number): boolean {
    return this.#placeOf(number) >= 0;
  }

  #placeOf(number: number): number {
    const { byNumber, numbers } = this.#table.columns;
    return byNumber[slotOfNumber(byNumber, numbers, number)]! - 1;
  }

  forEach(callback: (value: Account, key: number, map: ReadonlyMap<number, Account>) => void): void {
    for (const [number, account] of this.entries()) callback(account, number, this);
  }

  keys(): ArrayIterator<number> {
    return this.#table.columns.numbers.values();
  }

  *values(): Generator<Account, undefined> {
    for (const owner of this.#table.columns.owners) yield this.#table.passing(owner);
  }

  *entries(): Generator<[number, Account], undefined> {
    const { numbers, owners } = this.#table.columns;
    for (let i = 0; i < numbers.length; i++) yield [numbers[i]!, this.#table.passing(owners[i]!)];
  }

  [Symbol.iterator](): Generator<[number, Account], undefined> {
    return this.entries();
  }
}

/** As columns, whatever they are in. */
export function accountColumns(accounts: ReadonlyMap<string, Account>): AccountColumns {
  if (accounts instanceof AccountTable) return accounts.columns;
  const builder = new AccountColumnsBuilder();
  for (const account of accounts.values()) builder.add(account);
  return builder.finish();
}

export function storedAccounts(
  columns: AccountColumns,
  references: AccountReferences,
): {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly accountByNumber: ReadonlyMap<number, Account>;
} {
  const accounts = new AccountTable(columns, references);
  return { accounts, accountByNumber: new AccountsByNumber(accounts) };
}

/** The slot that holds the id, or the empty one where it would be. */
function slotOfId(slots: Uint32Array, id: string, bytes: Buffer, ends: Uint32Array): number {
  let slot = hashOf(id) & (slots.length - 1);
  for (let held = slots[slot]!; held !== 0; held = slots[slot]!) {
    if (hasId(bytes, held === 1 ? 0 : ends[held - 2]!, id)) break;
    slot = (slot + 1) & (slots.length - 1);
  }
  return slot;
}

function slotOfNumber(slots: Uint32Array, numbers: Float64Array, number: number): number {
  let slot = hashOfNumber(number) & (slots.length - 1);
  while (slots[slot] !== 0 && numbers[slots[slot]! - 1] !== number) slot = (slot + 1) & (slots.length - 1);
  return slot;
}

function emptySlots(entries: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(slotCount(entries) * 4));
}

type Columns = Uint8Array | Int32Array | Uint32Array | Float64Array;

interface ColumnsType<Column extends Columns> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer | SharedArrayBuffer): Column;
}

function longer<Column extends Columns>(column: Column, Type: ColumnsType<Column>): Column {
  const twice = new Type(new ArrayBuffer(column.byteLength * 2));
  twice.set(column);
  return twice;
}

function sharedCopy<Column extends Columns>(column: Column, Type: ColumnsType<Column>): Column {
  const shared = new Type(new SharedArrayBuffer(column.byteLength));
  shared.set(column);
  return shared;
}
