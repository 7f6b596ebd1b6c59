import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { requireCatalog } from '@tollstream/catalog';
import { readCalls } from '@tollstream/switch-formats';
import { afterAll, expect, test } from 'vitest';
import { writeCalls } from '../generate/index.ts';
import { SAMPLE_CATALOG } from '../paths.ts';
import { EventPacker } from './event-packer.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'tollstream-packer-'));
afterAll(() => rmSync(directory, { recursive: true }));

test('events are packed with the keys and values that their records have', async () => {
  const file = path.join(directory, 'calls.avro');
  const catalog = await requireCatalog(SAMPLE_CATALOG);
  await writeCalls({ calls: 12_000, seed: 7, catalog, format: 'avro', output: file });
  const packer = new EventPacker();
  const target = { topic: 'calls.raw', partition: 1, name: 'anrufe-für-mai.avro', headers: { a: '1' } };
  let packed = 0;
  for await (const { located, records } of readCalls(file, { chunkRecordsMax: 5_000 })) {
    const outputs = packer.pack(located ?? [], target);
    expect(outputs.records()).toEqual(
      records.map(({ value, line }) => ({
        topic: 'calls.raw',
        partition: 1,
        key: Buffer.from(`anrufe-für-mai.avro:${line}`),
        value,
        headers: { a: '1' },
      })),
    );
    packed += outputs.count;
  }
  expect(packed).toBeGreaterThanOrEqual(12_000);
});
