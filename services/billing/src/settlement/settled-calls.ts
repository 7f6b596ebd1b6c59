import { assembleNativeBlock } from '@tollstream/contracts';
import type { NativeBlock } from '@tollstream/contracts';
import type { SettlementStore } from '@tollstream/usage-store';

const COLUMNS = ['billing_month', 'account_id', 'call_key', 'run_number'] as const;

const ROWS_MAX = 1_000_000;

/** The calls that a settlement closes its month with. */
export class SettledCalls {
  #blocks: Buffer[] = [];
  #rows = 0;

  /** Time to write: an account can have any number of calls. */
  get isFull(): boolean {
    return this.#rows >= ROWS_MAX;
  }

  /** @param isNew by row; what was settled before, or came late, is noted elsewhere */
  add(block: NativeBlock, isNew: (row: number) => boolean): void {
    const rows = new Uint32Array(block.rows);
    let count = 0;
    for (let row = 0; row < block.rows; row++) if (isNew(row)) rows[count++] = row;
    if (count === 0) return;
    const parts = assembleNativeBlock({
      columnCount: COLUMNS.length,
      rowCount: count,
      columnParts: COLUMNS.flatMap((name) => block.filterColumn(name, rows.subarray(0, count))),
    });
    this.#blocks.push(Buffer.concat(parts));
    this.#rows += count;
  }

  async write(store: SettlementStore): Promise<void> {
    if (this.#blocks.length === 0) return;
    await store.insertKeyed({ table: 'settled_calls', columns: COLUMNS, natives: this.#blocks });
    this.#blocks = [];
    this.#rows = 0;
  }
}
