import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect, test } from 'vitest';
import { openEmbeddedStore } from './embedded-store.ts';

const KILLS = 8;
const ROWS_OF_BLOCK = 2_000;
const child = new URL('./testing/insert-until-killed.ts', import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), 'tollstream-kill-'));

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Runs the child from a block on and kills it some time after it began a block of this life. @returns blocks begun and done */
async function liveAndDie(
  first: number,
  begun: boolean,
  delayMs: number,
): Promise<{ begun: number; done: number }> {
  const running = spawn(process.execPath, [child, directory, String(first), begun ? 'begun' : ''], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const progress = { begun: first - 1, done: first - 1 };
  const lines = createInterface({ input: running.stdout });
  lines.on('line', (line) => {
    const [what, block] = line.split(' ');
    if (what === 'begin') {
      if (progress.begun < first) setTimeout(() => running.kill('SIGKILL'), delayMs);
      progress.begun = Number(block);
    } else progress.done = Number(block);
  });
  const [[code, signal]] = await Promise.all([once(running, 'exit'), once(lines, 'close')]);
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' });
  return progress;
}

test(
  'killed in the middle of inserts, it opens again and holds every row once',
  { timeout: 120_000 },
  async () => {
    let next = 0;
    let begun = false;
    for (let kill = 0; kill < KILLS; kill++) {
      // Spread over the time of a block: in the file, in the insert, between two tables, between two blocks.
      const progress = await liveAndDie(next, begun, 3 + kill * 17);
      next = progress.done + 1;
      begun = progress.begun > progress.done;
    }
    const store = await openEmbeddedStore({ dataDirectory: directory });
    try {
      for (const table of ['usage', 'usage_suspended']) {
        // Rows of block n are those with n·2000 ≤ row number < (n+1)·2000; there are four rows to a source offset.
        const rows = await store.query<{ block: string; rows: string; different: string }>(
          `SELECT intDiv(source_offset * 4, ${ROWS_OF_BLOCK}) AS block, count() AS rows, uniqExact(call_id) AS different ` +
            `FROM tollstream.${table} GROUP BY block ORDER BY block`,
        );
        const complete = rows.filter((row) => Number(row.block) < next);
        expect(complete).toEqual(
          Array.from({ length: next }, (_, block) => ({
            block: String(block),
            rows: String(ROWS_OF_BLOCK),
            different: String(ROWS_OF_BLOCK),
          })),
        );
        // The block begun last may be there, in part or as a whole, but no row of it twice.
        for (const row of rows.slice(next)) expect(row.rows).toBe(row.different);
      }
    } finally {
      await store.close();
    }
  },
);
