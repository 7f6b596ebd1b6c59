import type { BlockInsert, UsageStore } from '@tollstream/usage-store';
import { StoreError } from '@tollstream/usage-store';

/** What an insert that fails has done by then. */
export type Failure = 'nothing stored' | 'half stored' | 'all stored';

/** A store of row names in memory. Blocks are JSON lists of names. Failures are taken from a list, one per call. */
export class CrashingStore implements UsageStore {
  readonly kind = 'embedded';
  readonly database = 'memory';
  readonly rows: string[] = [];
  readonly inserts: { token: string; rows: number; replayed: boolean }[] = [];
  readonly failures: (Failure | null)[] = [];
  readonly #tokens = new Set<string>();
  /** Made anew for each failure. */
  makeError: () => Error = () => new Error('the process ends here');

  async insertBlocks(insert: BlockInsert): Promise<void> {
    this.inserts.push({ token: insert.token, rows: insert.rows, replayed: false });
    const names = namesOf(insert);
    const failure = this.failures.shift() ?? null;
    if (failure === 'nothing stored') throw this.makeError();
    if (failure === 'half stored') {
      this.rows.push(...names.slice(0, names.length / 2));
      throw this.makeError();
    }
    if (!this.#tokens.has(insert.token)) this.rows.push(...names);
    this.#tokens.add(insert.token);
    if (failure === 'all stored') throw this.makeError();
  }

  async replayBlocks(insert: BlockInsert): Promise<number> {
    this.inserts.push({ token: insert.token, rows: insert.rows, replayed: true });
    const failure = this.failures.shift() ?? null;
    if (failure === 'nothing stored') throw this.makeError();
    const stored = new Set(this.rows);
    const names = namesOf(insert);
    const missing = names.filter((name) => !stored.has(name));
    // As the store does: what lacks all is inserted as at first, so that a late twin is told by the token.
    if (missing.length === names.length && failure !== 'half stored') this.#tokens.add(insert.token);
    this.rows.push(...(failure === 'half stored' ? missing.slice(0, missing.length / 2) : missing));
    if (failure !== null) throw this.makeError();
    return missing.length;
  }

  async migrate(): Promise<{ applied: string[]; version: number }> {
    return { applied: [], version: 1 };
  }
  async query<Row>(): Promise<Row[]> {
    return [];
  }
  async queryStream(): Promise<never> {
    throw new Error('not used');
  }
  async ping(): Promise<void> {}
  async close(): Promise<void> {}
}

function namesOf(insert: BlockInsert): string[] {
  const names = insert.natives.flatMap((native) => JSON.parse(native.toString()) as string[]);
  if (names.length !== insert.rows) throw new Error(`${names.length} rows, ${insert.rows} announced`);
  return names;
}

export function storeDown(): StoreError {
  return new StoreError('TOLL_STORE_UNREACHABLE', 'ClickHouse does not answer.', 'Start it.', {
    transient: true,
  });
}
