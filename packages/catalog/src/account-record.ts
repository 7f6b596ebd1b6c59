/**
 * An account as bytes. What every account has stands in a fixed order without names; texts that many accounts share are numbers in a table of
 * texts. What few accounts have (own rules, billing groups, limits, what they agreed) follows as the structured clone writes it.
 *
 *   account   id · name · plan, zone, country, area code, currency, status · isDefault · billing start · address lines
 *             · devices: id, kind, extension · numbers: number, kind, extension · 1 when there is more, and then that
 *   text      length in bytes, UTF-8      counts, lengths, numbers of texts: seven bits a byte, the lowest first
 */
import { deserialize, serialize } from 'node:v8';
import { type AccountTerms, AccountView, type WholeAccounts } from './account-view.ts';
import type { Account, ChargeRule, OwnRules, Plan, Tariff } from './model.ts';
import type { StringTable, StringTableBuilder } from './string-table.ts';

/** Before the billing start: plan, zone, country, area code, currency, status, whether it is the default one. */
const COUNTS_OF_TERMS = 7;

/** What accounts share: they come by their ids. */
export interface AccountReferences {
  readonly plans: ReadonlyMap<string, Plan>;
  readonly tariffs: ReadonlyMap<string, Tariff>;
}

type Device = Account['devices'][number];
type AccountNumber = Account['numbers'][number];
type MoreOf<Whole, Known extends keyof Whole> = Omit<Whole, Known>;
type MoreOfDevice = MoreOf<Device, 'id' | 'kind' | 'extension'>;
type MoreOfNumber = MoreOf<AccountNumber, 'number' | 'kind' | 'extension'>;

/** Tariffs are in it by their ids alone. */
interface More {
  readonly account: Pick<Account, 'rules' | 'billingGroups' | 'spendLimits' | 'billing'>;
  /** By position. */
  readonly devices: ReadonlyMap<number, MoreOfDevice>;
  readonly numbers: ReadonlyMap<number, MoreOfNumber>;
}

/** Appends accounts to bytes that grow. */
export class AccountWriter {
  readonly #texts: StringTableBuilder;
  #bytes = Buffer.alloc(4096);
  length = 0;

  constructor(texts: StringTableBuilder) {
    this.#texts = texts;
  }

  /** Only to be read up to `length`, and before the next account. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  write(account: Account): void {
    const { id, name, plan, timeZone, dialPlan, currency, status, isDefault, billingStart } = account;
    this.#text(id);
    this.#text(name);
    for (const shared of [plan.id, timeZone, dialPlan.country, dialPlan.areaCode, currency, status])
      this.#count(this.#texts.idOf(shared));
    this.#count(isDefault ? 1 : 0);
    this.#double(billingStart);
    this.#count(account.address.length);
    for (const line of account.address) this.#text(line);
    this.#count(account.devices.length);
    for (const device of account.devices) {
      this.#text(device.id);
      this.#count(this.#texts.idOf(device.kind));
      this.#text(device.extension);
    }
    this.#count(account.numbers.length);
    for (const { number, kind, extension } of account.numbers) {
      this.#double(number);
      this.#count(this.#texts.idOf(kind));
      this.#text(extension);
    }
    const more = moreOf(account);
    this.#count(more === null ? 0 : 1);
    if (more === null) return;
    const clone = serialize(more);
    this.#count(clone.length);
    this.#reserve(clone.length);
    this.#bytes.set(clone, this.length);
    this.length += clone.length;
  }

  #count(value: number): void {
    this.#reserve(5);
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.#bytes[this.length++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.length++] = rest;
  }

  #double(value: number): void {
    this.#reserve(8);
    this.length = this.#bytes.writeDoubleLE(value, this.length);
  }

  #text(value: string): void {
    const begin = this.length;
    this.#reserve(value.length + 1);
    // Nearly all are short and ASCII.
    if (value.length <= 0x7f) {
      this.#bytes[this.length++] = value.length;
      for (let i = 0; i < value.length; i++) {
        const code = value.charCodeAt(i);
        if (code > 0x7f) break;
        this.#bytes[this.length++] = code;
      }
      if (this.length - begin - 1 === value.length) return;
      this.length = begin;
    }
    const length = Buffer.byteLength(value);
    this.#count(length);
    this.#reserve(length);
    this.length += this.#bytes.write(value, this.length);
  }

  #reserve(bytes: number): void {
    if (this.length + bytes <= this.#bytes.length) return;
    const longer = Buffer.alloc(Math.max(this.#bytes.length * 2, this.length + bytes));
    this.#bytes.copy(longer, 0, 0, this.length);
    this.#bytes = longer;
  }
}

/** Beyond it accounts that agree in their terms have them each for itself. */
const TERMS_REMEMBERED_MAX = 10_000;

/** Makes accounts of bytes again. */
export class AccountReader implements WholeAccounts {
  readonly #bytes: Buffer;
  readonly #shared: (id: number) => string;
  readonly #plans: ReadonlyMap<string, Plan>;
  readonly #tariffs: ReadonlyMap<string, Tariff>;
  /** By the bytes that say them. */
  readonly #terms = new Map<string, AccountTerms>();
  #at = 0;
  // Whoever asks a view for one thing mostly asks for the next one, too.
  #lastBegin = -1;
  #last: Account | null = null;

  constructor(bytes: Buffer, texts: StringTable, { plans, tariffs }: AccountReferences) {
    this.#bytes = bytes;
    const known: string[] = [];
    this.#shared = (id) => (known[id] ??= texts.at(id));
    this.#plans = plans;
    this.#tariffs = tariffs;
  }

  /** @param begin where the account was written */
  view(begin: number): AccountView {
    this.#at = begin;
    const id = this.#text();
    this.#skipText();
    return new AccountView(id, this.#sharedTerms(), begin, this);
  }

  wholeAt(begin: number): Account {
    if (this.#last === null || this.#lastBegin !== begin) {
      this.#last = this.read(begin);
      this.#lastBegin = begin;
    }
    return this.#last;
  }

  /** @param begin where the account was written */
  read(begin: number): Account {
    this.#at = begin;
    const id = this.#text();
    const name = this.#text();
    const { plan, timeZone, dialPlan, currency, status, isDefault, billingStart } = this.#readTerms();
    const address = this.#list(() => this.#text());
    const devices = this.#list((): Device => ({
      id: this.#text(),
      kind: this.#sharedText(),
      extension: this.#text(),
    }));
    const numbers = this.#list((): AccountNumber => ({
      number: this.#double(),
      kind: this.#sharedText() as AccountNumber['kind'],
      extension: this.#text(),
    }));
    const account: Account = {
      id,
      name,
      plan,
      timeZone,
      dialPlan,
      currency,
      status,
      billingStart,
      address,
      devices,
      numbers,
      isDefault,
    };
    return this.#count() === 0 ? account : this.#withMore(account);
  }

  #readTerms(): AccountTerms {
    return {
      plan: this.#plans.get(this.#sharedText())!,
      timeZone: this.#sharedText(),
      dialPlan: { country: this.#sharedText(), areaCode: this.#sharedText() },
      currency: this.#sharedText(),
      status: this.#sharedText() as Account['status'],
      isDefault: this.#count() === 1,
      billingStart: this.#double(),
    };
  }

  #sharedTerms(): AccountTerms {
    const start = this.#at;
    for (let counts = 0; counts < COUNTS_OF_TERMS; counts++) this.#count();
    this.#at += 8;
    const written = this.#bytes.toString('latin1', start, this.#at);
    let terms = this.#terms.get(written);
    if (terms === undefined) {
      this.#at = start;
      terms = this.#readTerms();
      if (this.#terms.size < TERMS_REMEMBERED_MAX) this.#terms.set(written, terms);
    }
    return terms;
  }

  #withMore(account: Account): Account {
    const length = this.#count();
    // A copy, because what is read must not lie in shared memory.
    const {
      account: own,
      devices,
      numbers,
    } = deserialize(Buffer.from(this.#bytes.subarray(this.#at, this.#at + length))) as More;
    const whole: Account = {
      ...account,
      ...own,
      devices: account.devices.map((device, i) => ({ ...device, ...devices.get(i) })),
      numbers: account.numbers.map((number, i) => ({ ...number, ...numbers.get(i) })),
    };
    return withRules(whole, ({ id }) => this.#tariffs.get(id)!);
  }

  #list<Item>(read: () => Item): Item[] {
    const items: Item[] = [];
    for (let left = this.#count(); left > 0; left--) items.push(read());
    return items;
  }

  #count(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 0x7f) * factor;
      if (byte <= 0x7f) return value;
    }
  }

  #double(): number {
    this.#at += 8;
    return this.#bytes.readDoubleLE(this.#at - 8);
  }

  #sharedText(): string {
    return this.#shared(this.#count());
  }

  #skipText(): void {
    const length = this.#count();
    this.#at += length;
  }

  #text(): string {
    const length = this.#count();
    this.#at += length;
    return length === 0 ? '' : this.#bytes.toString('utf8', this.#at - length, this.#at);
  }
}

/** The id of the account that begins there. */
export function readId(bytes: Buffer, begin: number): string {
  let length = 0;
  let at = begin;
  for (let factor = 1; ; factor *= 128) {
    const byte = bytes[at++]!;
    length += (byte & 0x7f) * factor;
    if (byte <= 0x7f) return bytes.toString('utf8', at, at + length);
  }
}

/** Whether the account that begins there has this id; makes no text to find out, but for rare ids. */
export function hasId(bytes: Buffer, begin: number, id: string): boolean {
  const length = id.length;
  for (let i = 0; i < length; i++) {
    const code = id.charCodeAt(i);
    if (code > 0x7f) return readId(bytes, begin) === id;
    if (bytes[begin + 1 + i] !== code) return length > 0x7f && readId(bytes, begin) === id;
  }
  return bytes[begin] === length || (length > 0x7f && readId(bytes, begin) === id);
}

/** @returns null when there is nothing but what every account has */
function moreOf(account: Account): More | null {
  const { rules, billingGroups, spendLimits, billing } = account;
  const hasOwn =
    rules !== undefined || billingGroups !== undefined || spendLimits !== undefined || billing !== undefined;
  const devices = new Map<number, MoreOfDevice>();
  account.devices.forEach((device, i) => {
    if (keysOf(device) === KNOWN_KEYS) return;
    const { id: _, kind: __, extension: ___, ...more } = device;
    devices.set(i, more);
  });
  const numbers = new Map<number, MoreOfNumber>();
  account.numbers.forEach((number, i) => {
    if (keysOf(number) === KNOWN_KEYS) return;
    const { number: _, kind: __, extension: ___, ...more } = number;
    numbers.set(i, more);
  });
  if (!hasOwn && devices.size === 0 && numbers.size === 0) return null;
  const named = (tariff: Tariff): Tariff => ({ id: tariff.id }) as Tariff;
  const change = <Holder extends { readonly rules?: OwnRules | undefined }>(holder: Holder): Holder =>
    holderWith(holder, named);
  return {
    account: {
      ...change(rules === undefined ? {} : { rules }),
      ...(billingGroups === undefined ? {} : { billingGroups: billingGroups.map(change) }),
      ...(spendLimits === undefined ? {} : { spendLimits }),
      ...(billing === undefined ? {} : { billing }),
    },
    devices: new Map([...devices].map(([i, more]) => [i, change(more)])),
    numbers: new Map([...numbers].map(([i, more]) => [i, change(more)])),
  };
}

/** Of a device and of a number: what is written without names. */
const KNOWN_KEYS = 3;

function keysOf(object: object): number {
  let keys = 0;
  for (const _ in object) keys++;
  return keys;
}

/** Everything of an account that may have rules of its own, with other tariffs in them. */
function withRules(account: Account, tariffFor: (tariff: Tariff) => Tariff): Account {
  const change = <Holder extends { readonly rules?: OwnRules | undefined }>(holder: Holder): Holder =>
    holderWith(holder, tariffFor);
  const { billingGroups, devices, numbers } = account;
  return {
    ...change(account),
    ...(billingGroups === undefined ? {} : { billingGroups: billingGroups.map(change) }),
    devices: devices.map(change),
    numbers: numbers.map(change),
  };
}

function holderWith<Holder extends { readonly rules?: OwnRules | undefined }>(
  holder: Holder,
  tariffFor: (tariff: Tariff) => Tariff,
): Holder {
  if (holder.rules === undefined) return holder;
  const change = (rule: ChargeRule): ChargeRule =>
    rule.kind === 'tariff' ? { ...rule, tariff: tariffFor(rule.tariff) } : rule;
  const rules = Object.fromEntries(Object.entries(holder.rules).map(([type, rule]) => [type, change(rule)]));
  return { ...holder, rules };
}
