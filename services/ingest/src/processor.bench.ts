/** Calls per second of the processor alone, on one core: `node services/ingest/src/processor.bench.ts`. */
import { ZERO_TOTALS, encodeCallEvent } from '@tollstream/contracts';
import type { CallEvent } from '@tollstream/contracts';
import type { LogRecord } from '@tollstream/event-log';
import { createIngestProcessor } from './processor.ts';
import { CATALOG, EVENT, batchOf, recordOf } from './testing/fixtures.ts';

const BATCH_RECORDS = 25_000;
const BATCHES = 40;
const OUTPUTS = {
  accepted: 'calls.accepted',
  rejected: 'calls.rejected',
  acceptedPartitions: 4,
  rejectedPartitions: 4,
};

function eventOf(i: number): CallEvent {
  return {
    ...EVENT,
    callId: `3f2a${i.toString(16).padStart(12, '0')}@sbc.example`,
    switchId: `sw-${i % 4}`,
    from: i % 3 === 0 ? '+12125550100' : `+1212555${String(i % 10_000).padStart(4, '0')}`,
    to: `+1310${String(5_550_000 + (i % 9_999))}`,
    account: i % 3 === 0 ? null : `acct-${i % 500}`,
    extension: String(100 + (i % 50)),
    device: `device-${i % 200}`,
  };
}

function eventJson(event: CallEvent): Buffer {
  const entries = Object.entries(event).filter(([, value]) => value !== null);
  const snake = entries.map(([name, value]) => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value as unknown,
  ]);
  return Buffer.from(JSON.stringify(Object.fromEntries(snake)));
}

function measure(name: string, encode: (event: CallEvent) => Buffer): void {
  const processor = createIngestProcessor({ catalog: CATALOG, outputs: OUTPUTS });
  const state = { totals: ZERO_TOTALS };
  const records: LogRecord[] = Array.from({ length: BATCH_RECORDS }, (_, i) => recordOf(encode(eventOf(i))));
  const batch = batchOf(records);
  const rawBytes = records.reduce((sum, record) => sum + record.value!.length, 0);
  let blockBytes = 0;
  for (let i = 0; i < 4; i++) processor.process(state, batch);
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  for (let i = 0; i < BATCHES; i++) {
    blockBytes = processor
      .process(state, batch)
      .outputs.reduce((sum, output) => sum + output.value!.length, 0);
  }
  const elapsedMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(startedCpu);
  const callsPerSecond = Math.round((BATCHES * BATCH_RECORDS * 1000) / elapsedMs);
  const bytes = `${Math.round(rawBytes / BATCH_RECORDS)} raw and ${Math.round(blockBytes / BATCH_RECORDS)} block bytes per call`;
  // CPU seconds of one million calls are microseconds of one call.
  const cpuSeconds = ((user + system) / (BATCHES * BATCH_RECORDS)).toFixed(2);
  const speed = `${callsPerSecond.toLocaleString('en')} calls/s, ${cpuSeconds} CPU-s per million calls`;
  console.log(`${name}: ${speed}, ${bytes}, ${state.totals.rejected} rejected`);
}

measure('avro', encodeCallEvent);
measure('json', eventJson);
