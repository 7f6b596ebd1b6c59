import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Catalog, loadCatalog, renderProblems } from '@tollstream/catalog';
import { type CallEvent, callEventType, parseCallEventJson } from '@tollstream/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CALL_KINDS, GenerateError } from './call-maker.ts';
import { type CallTally, generateCalls } from './generate-calls.ts';
import { writeCalls } from './write-calls.ts';

const SAMPLE = new URL('../../../../examples/hosted-phone', import.meta.url).pathname;
const CALLS = 60_000;

let catalog: Catalog;
let directory: string;
beforeAll(async () => {
  const result = await loadCatalog(SAMPLE);
  if (!result.ok) throw new Error(renderProblems(result.problems));
  catalog = result.catalog;
  directory = await mkdtemp(path.join(tmpdir(), 'tollstream-generate-'));
});
afterAll(() => rm(directory, { recursive: true }));

function collect(calls: number, seed: number): { lines: Buffer[]; tally: CallTally } {
  const generator = generateCalls({ calls, seed, catalog });
  const lines: Buffer[] = [];
  for (;;) {
    const next = generator.next();
    if (next.done) return { lines, tally: next.value };
    lines.push(next.value);
  }
}

function hasTrueTimes({ startedAt, answeredAt, endedAt }: CallEvent): boolean {
  return endedAt >= startedAt && endedAt - (answeredAt ?? startedAt) < 2 * 86_400_000;
}

function longAt(file: Buffer, start: number): { value: number; next: number } {
  let value = 0;
  let next = start;
  for (let scale = 1; ; scale *= 128) {
    const byte = file[next++]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value: value / 2, next };
  }
}

describe('generated calls', () => {
  test('the same seed gives the same bytes, another seed others', () => {
    const first = Buffer.concat(collect(5000, 7).lines);
    expect(Buffer.concat(collect(5000, 7).lines).equals(first)).toBe(true);
    expect(Buffer.concat(collect(5000, 8).lines).equals(first)).toBe(false);
  });

  test('hold exactly what the tally says', () => {
    const { lines, tally } = collect(CALLS, 2020);
    expect(lines).toHaveLength(CALLS);
    const seen = new Set<string>();
    const ids = new Set<string>();
    let rejected = 0;
    let duplicate = 0;
    let unordered = 0;
    let latest = 0;
    for (const line of lines) {
      const decoded = parseCallEventJson(line);
      if (decoded.kind !== 'call' || !hasTrueTimes(decoded.call)) {
        rejected++;
        continue;
      }
      const text = line.toString();
      if (seen.has(text)) duplicate++;
      else {
        // What has the same identity is an exact copy.
        expect(ids.has(decoded.call.callId)).toBe(false);
        ids.add(decoded.call.callId);
      }
      seen.add(text);
      if (decoded.call.startedAt < latest) unordered++;
      latest = Math.max(latest, decoded.call.startedAt);
    }
    expect({ rejected, duplicate }).toEqual({ rejected: tally.rejected, duplicate: tally.duplicate });
    expect(tally.records).toBe(tally.rated + tally.suspended + tally.rejected + tally.duplicate);
    expect(unordered).toBeGreaterThan(tally.late / 2);
    expect(tally.late).toBeGreaterThan(CALLS * 0.005);
    expect(tally.duplicate / CALLS).toBeCloseTo(0.01, 2);
    expect(tally.suspended / CALLS).toBeCloseTo(0.005, 2);
    expect(tally.rejected / CALLS).toBeCloseTo(0.005, 2);
    for (const kind of CALL_KINDS) expect(tally.byKind[kind], kind).toBeGreaterThan(0);
    expect(Object.keys(tally.rejectedByCode).sort()).toEqual([
      'call_id_missing',
      'duration_absurd',
      'ends_before_start',
      'field_missing',
      'invalid_utf8',
      'unreadable',
    ]);
    expect(Object.keys(tally.suspendedByCode).sort()).toEqual([
      'account_inactive',
      'account_unknown',
      'destination_unknown',
    ]);
  });

  test('any number of calls, also the smallest', () => {
    for (const calls of [0, 1, 2, 3, 10, 257]) {
      for (let seed = 0; seed < 20; seed++) {
        const { lines, tally } = collect(calls, seed);
        expect(lines).toHaveLength(calls);
        expect(tally.rated).toBeGreaterThanOrEqual(0);
      }
    }
  });

  test('start in January 2020 in every account’s own time zone', () => {
    const { lines } = collect(20_000, 3);
    for (const line of lines) {
      const decoded = parseCallEventJson(line);
      if (decoded.kind !== 'call') continue;
      expect(decoded.call.startedAt).toBeGreaterThanOrEqual(Date.UTC(2020, 0, 1, 10));
      expect(decoded.call.startedAt).toBeLessThan(Date.UTC(2020, 1, 1));
    }
  });

  test('are written to a file as JSON lines, byte for byte those of the generator', async () => {
    const output = path.join(directory, 'calls.jsonl');
    const written = await writeCalls({ calls: 20_000, seed: 5, catalog, output, format: 'json' });
    const { lines, tally } = collect(20_000, 5);
    expect(written).toEqual(tally);
    expect((await readFile(output)).equals(Buffer.concat(lines))).toBe(true);
  });

  test('are written as an Avro container: header, then blocks of bodies that the contract can read', async () => {
    const output = path.join(directory, 'calls.avro');
    const tally = await writeCalls({ calls: 5000, seed: 5, catalog, output, format: 'avro' });
    const file = await readFile(output);
    expect(file.subarray(0, 4).toString('latin1')).toBe('Obj\u0001');
    const sync = file.subarray(-16);
    const events: unknown[] = [];
    for (let position = file.indexOf(sync) + 16; position < file.length; position += 16) {
      const count = longAt(file, position);
      const byteLength = longAt(file, count.next);
      position = byteLength.next;
      for (let i = 0; i < count.value; i++) {
        const body = callEventType.decode(file, position);
        events.push(body.value);
        position = body.offset;
      }
      expect(position).toBe(byteLength.next + byteLength.value);
      expect(file.subarray(position, position + 16).equals(sync)).toBe(true);
    }
    expect(events).toHaveLength(5000);
    expect(tally.rejected).toBeGreaterThan(0);
  });

  test('an output that cannot be written is an error and not an endless wait', async () => {
    const output = path.join(directory, 'no such folder', 'calls.jsonl');
    const writing = writeCalls({ calls: 50_000, seed: 5, catalog, output, format: 'json' });
    await expect(writing).rejects.toThrow(/ENOENT/);
  });

  test('accounts that begin after the month have no calls, unless all do', () => {
    const accountsOf = (accounts: Catalog['accounts']): Set<string | null> => {
      const lines = [...generateCalls({ calls: 2_000, seed: 1, catalog: { ...catalog, accounts } })];
      return new Set(lines.flatMap((line) => /"account":"([a-z-]+)"/.exec(line.toString())?.[1] ?? []));
    };
    const later = 'night-owl-diner';
    expect(accountsOf(catalog.accounts)).toContain('riverside-dental');
    expect(accountsOf(catalog.accounts)).not.toContain(later);
    expect(accountsOf(new Map([[later, catalog.accounts.get(later)!]]))).toContain(later);
  });

  test('a catalog without accounts is refused', () => {
    const empty = { ...catalog, accounts: new Map() };
    expect(() => generateCalls({ calls: 1, seed: 1, catalog: empty }).next()).toThrow(GenerateError);
  });
});
