import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BlockInsert } from '@tollstream/usage-store';
import { CrashingStore } from './crashing-store.ts';

/** A store whose inserts end when they are told to. */
export class SlowStore extends CrashingStore {
  readonly underWay: (() => void)[] = [];

  override async insertBlocks(insert: BlockInsert): Promise<void> {
    await new Promise<void>((resolve) => this.underWay.push(resolve));
    await super.insertBlocks(insert);
  }

  async begun(inserts: number): Promise<void> {
    for (let turn = 0; this.underWay.length < inserts; turn++) {
      if (turn > 1_000) throw new Error(`${this.underWay.length} inserts are under way, not ${inserts}`);
      await nextTurn();
    }
  }

  endNext(): void {
    this.underWay.shift()!();
  }
}

/** Resolves when what was begun has come to where it waits for somebody. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await nextTurn();
}
