import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, expect, test } from 'vitest';

const child = new URL('./testing/insert-beside-input.ts', import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), 'tollstream-input-'));
const BYTES = 500_000;

afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('an insert takes nothing off standard input: calls may come there', { timeout: 120_000 }, async () => {
  const running = spawn(process.execPath, [child, directory], { stdio: ['pipe', 'pipe', 'inherit'] });
  running.stdin.end(Buffer.alloc(BYTES, '{}\n'));
  const [said] = await Promise.all([text(running.stdout), once(running, 'exit')]);
  expect(said.trim()).toBe(String(BYTES));
});
