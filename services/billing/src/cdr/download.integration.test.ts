/** Files of call details over the real engine: formats, filters, detail, and going on with one that was broken off. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { streamXlsxRows } from 'hucre/xlsx';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openEmbeddedStore } from '@tollstream/usage-store';
import type { EmbeddedStore } from '@tollstream/usage-store';
import { parseDecimalBig } from '@tollstream/money';
import { storeCalls } from '../testing/stored-calls.ts';
import { cdrColumns } from './columns.ts';
import { streamCdrs, writeCdrFile } from './download.ts';
import type { CdrDownload } from './download.ts';
import { summariseCdrs } from './slices.ts';
import type { CdrSummary } from './slices.ts';

const CALLS = 5_000;
const MONTH = { accountId: 'riverside-dental', month: '2020-01' } as const;

let directory: string;
let store: EmbeddedStore;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'tollstream-cdr-'));
  store = await openEmbeddedStore({ dataDirectory: path.join(directory, 'engine') });
  await store.migrate();
  await storeCalls(store, CALLS, {
    token: 'calls',
    started_at:
      "toDateTime64('2020-01-01 05:00:00.000', 3, 'UTC') + toIntervalMillisecond(n * 7919 % 2000000000)",
    charge: 'toDecimal64(n * 104729 % 3000017, 6) / 1000000',
    call_type: "if(n % 3 = 0, 'international', 'local')",
    extension: 'toString(101 + n % 4)',
    destination_number: '12125550000 + n % 10',
    call_id: "concat('=call \"', toString(n), '\"\n')",
    price_detail: `'{"parts":[[60,"0.02",""]]}'`,
  });
}, 120_000);

afterAll(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

const file = (name: string): string => path.join(directory, name);
const download = async (name: string, changes: Partial<CdrDownload> = {}) =>
  writeCdrFile(store, { ...MONTH, format: 'csv', output: file(name), ...changes });
const csvOf = (text: string): Record<string, string>[] =>
  parse(text, { columns: true, record_delimiter: '\r\n' });

it('says what it wrote: calls, their exact sum, bytes and checksum', async () => {
  const written = await download('plain.csv');
  const bytes = await readFile(file('plain.csv'));
  const sum = csvOf(bytes.toString()).reduce(
    (total, row) => total + parseDecimalBig(row['total_cost']!, 6),
    0n,
  );
  expect(written).toMatchObject({ calls: CALLS, bytes: bytes.length, resumedRows: 0 });
  expect(written.charge).toEqual(new Map([['USD', sum]]));
  expect(written.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  expect((await readdir(directory)).filter((name) => name.includes('.partial'))).toEqual([]);
});

it('is the same file whether it is sorted at once or part by part, from any row on', async () => {
  for (const format of ['csv', 'jsonl'] as const) {
    const request = { ...MONTH, format };
    const [whole, sliced] = [await summariseCdrs(store, request), await summariseCdrs(store, request, 700)];
    expect(whole.slices).toHaveLength(1);
    expect(sliced.slices.length).toBeGreaterThan(CALLS / 700);
    expect({ ...sliced, slices: [] }).toEqual({ ...whole, slices: [] });
    const bytesOf = async ({ slices }: CdrSummary, skippedRows: number): Promise<Buffer> =>
      Buffer.concat(await streamCdrs(store, request, { slices, skippedRows }).toArray());
    for (const skippedRows of [0, 1, 699, 700, 701, CALLS - 1, CALLS]) {
      const inParts = await bytesOf(sliced, skippedRows);
      expect(
        inParts.equals(await bytesOf(whole, skippedRows)),
        `${format}, ${skippedRows} rows skipped`,
      ).toBe(true);
    }
  }
});

it.each([
  ['extension', { extension: '102' }, CALLS / 4],
  ['number', { number: '+12125550003' }, CALLS / 10],
  ['call type', { callType: 'international' }, Math.ceil(CALLS / 3)],
  ['all of them', { callType: 'international', extension: '101', number: '+12125550000' }, 84],
])('keeps only calls of an %s', async (_, filters, calls) => {
  expect((await download('filtered.csv', { filters })).calls).toBe(calls);
});

it('divides a month by days without a call twice or left out', async () => {
  let calls = 0;
  for (let day = 1; day <= 31; day += 1) {
    const written = await download('day.csv', {
      filters: { day: `2020-01-${String(day).padStart(2, '0')}` },
    });
    calls += written.calls;
  }
  expect(calls).toBe(CALLS);
});

it.each([{ callType: 'lunar' }, { day: '2020-02-30' }, { day: '31.1.2020' }])(
  'refuses %j',
  async (filters) => {
    await expect(download('refused.csv', { filters })).rejects.toMatchObject({
      code: 'TOLL_BILLING_FILTER_INVALID',
    });
  },
);

it('gives every pricing field, and nothing that a spreadsheet would run', async () => {
  await download('detail.csv', { hasDetail: true });
  const rows = csvOf(await readFile(file('detail.csv'), 'utf8'));
  expect(rows).toHaveLength(CALLS);
  expect(rows[0]).toMatchObject({
    call_id: `'=call "0"\n`,
    price_detail: '{"parts":[[60,"0.02",""]]}',
    catalog_version: '0',
  });
});

it('has the same calls in a Parquet file, in the same order, and the same bytes when made again', async () => {
  const written = await download('calls.parquet', { format: 'parquet', hasDetail: true });
  const from = `file('${file('calls.parquet')}', Parquet)`;
  const [row] = await store.query<{ calls: string; cost: string; first: string }>(
    `SELECT count() AS calls, sum(total_cost) AS cost, argMin(origin, start_utc) AS first FROM ${from}`,
  );
  expect(row).toEqual({ calls: String(CALLS), cost: expect.any(String), first: '+12125550100' });
  expect(parseDecimalBig(row!.cost, 6)).toBe(written.charge.get('USD'));
  const again = await download('again.parquet', { format: 'parquet', hasDetail: true });
  expect(again.sha256).toBe(written.sha256);

  await download('calls.jsonl', { format: 'jsonl', hasDetail: true });
  const want = (await readFile(file('calls.jsonl'), 'utf8')).trimEnd().split('\n');
  const rows = await store.query<Record<string, unknown>>(
    `SELECT * REPLACE (concat(replaceOne(toString(start_utc), ' ', 'T'), 'Z') AS start_utc,
                       concat(replaceOne(toString(end_utc), ' ', 'T'), 'Z') AS end_utc)
     FROM ${from} SETTINGS max_threads = 1`,
  );
  expect(rows).toEqual(want.map((line) => JSON.parse(line) as unknown));
  const types = await store.query<{ name: string; type: string }>(`DESCRIBE TABLE ${from}`);
  const typeOf = new Map(types.map(({ name, type }) => [name, type]));
  expect(
    ['start_utc', 'duration_seconds', 'total_cost', 'rate_per_minute', 'prefix'].map((name) =>
      typeOf.get(name),
    ),
  ).toEqual(["DateTime64(3, 'UTC')", 'Decimal(18, 3)', 'Decimal(18, 6)', 'Decimal(18, 8)', 'UInt64']);
});

it('is a Parquet file of the same columns where there are no calls', async () => {
  const filters = { extension: 'nobody' };
  expect((await download('none.parquet', { format: 'parquet', filters })).calls).toBe(0);
  const from = `file('${file('none.parquet')}', Parquet)`;
  expect(await store.query(`SELECT * FROM ${from}`)).toEqual([]);
  const names = (await store.query<{ name: string }>(`DESCRIBE TABLE ${from}`)).map(({ name }) => name);
  expect(names).toEqual(cdrColumns({ format: 'parquet' }).map(({ name }) => name));
});

it('has the same calls in a workbook, numbers as text', async () => {
  await download('calls.csv');
  const written = await download('calls.xlsx', { format: 'xlsx' });
  const rows: unknown[][] = [];
  for await (const row of streamXlsxRows(await readFile(file('calls.xlsx')))) rows.push([...row.values]);
  const want = csvOf(await readFile(file('calls.csv'), 'utf8'));
  expect([written.calls, rows.length]).toEqual([CALLS, CALLS + 1]);
  expect(rows[0]).toEqual(Object.keys(want[0]!));
  expect(rows[1]![0]).toBe('+12125550100');
  expect(rows.slice(1).map((row) => row[6])).toEqual(want.map((row) => Number(row['total_cost'])));
  expect((rows[1]![2] as Date).toISOString().slice(0, 23).replace('T', ' ')).toBe(want[0]!['start_utc']);
});

it('compresses', async () => {
  await download('calls.csv');
  await download('calls.csv.gz', { compression: 'gzip' });
  await download('calls.csv.zst', { compression: 'zstd' });
  const plain = await readFile(file('calls.csv'));
  expect(gunzipSync(await readFile(file('calls.csv.gz'))).equals(plain)).toBe(true);
  expect(zstdDecompressSync(await readFile(file('calls.csv.zst'))).equals(plain)).toBe(true);
});

it.each(['csv', 'jsonl'] as const)('goes on with a %s file that was broken off anywhere', async (format) => {
  const name = `whole.${format}`;
  const whole = await download(name, { format });
  const bytes = await readFile(file(name));
  const mark = await markOf(format);
  for (const part of [0, 0.3, 0.77, 1]) {
    const cut = Math.floor(bytes.length * part) - (part === 1 ? 1 : 0);
    await writeFile(file(`again.${format}.partial`), bytes.subarray(0, Math.max(cut, 0)));
    await writeFile(file(`again.${format}.partial.json`), mark);
    const again = await download(`again.${format}`, { format, isResumed: true });
    expect((await readFile(file(`again.${format}`))).equals(bytes), `cut at ${cut}`).toBe(true);
    expect(again).toMatchObject({ calls: CALLS, bytes: whole.bytes, sha256: whole.sha256 });
    if (part > 0.1) expect(again.resumedRows).toBeGreaterThan(CALLS * (part - 0.05));
  }
});

it('begins anew where the calls are no longer those of the broken-off file', async () => {
  await writeFile(file('stale.csv.partial'), 'origin\r\nold\r\n');
  await writeFile(file('stale.csv.partial.json'), '{"fingerprint":"other"}');
  const written = await download('stale.csv', { isResumed: true });
  expect(written).toMatchObject({ calls: CALLS, resumedRows: 0 });
});

/** What a download leaves beside a file that it could not finish. */
async function markOf(format: 'csv' | 'jsonl'): Promise<string> {
  const output = file(`marked.${format}`);
  const failing = Object.assign(Object.create(store) as EmbeddedStore, {
    database: store.database,
    query: store.query.bind(store),
    queryStream: async () => Promise.reject(new Error('the connection is gone')),
  });
  await expect(writeCdrFile(failing, { ...MONTH, format, output })).rejects.toThrow('gone');
  return readFile(`${output}.partial.json`, 'utf8');
}
