/** The worker thread: the same processor on the same catalog, one batch after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { receiveCatalog } from '@tollstream/catalog';
import type { Catalog } from '@tollstream/catalog';
import { releaseMemory } from '@tollstream/event-log';
import type { OutputRecord } from '@tollstream/event-log';
import { createIngestProcessor } from '../processor.ts';
import type { WorkerAnswer, WorkerRequest, WorkerSetup } from './messages.ts';
import { unpackBatch } from './packed-batch.ts';

const { catalog, ...options } = workerData as WorkerSetup;
const port = parentPort;
if (port === null) throw new Error('This is the worker thread of ingest; it does not run by itself.');

const processor = createIngestProcessor({ ...options, catalog: receiveCatalog(catalog) });
let prepared: Catalog | null = null;

port.on('message', (request: WorkerRequest) => void answer(request));
port.postMessage({ id: 0, kind: 'done' } satisfies WorkerAnswer);

async function answer(request: WorkerRequest): Promise<void> {
  const { id } = request;
  try {
    switch (request.kind) {
      case 'batch':
        return await ingest(request);
      case 'prepare':
        prepared = receiveCatalog(request.catalog);
        break;
      case 'swap':
        if (prepared !== null) processor.useCatalog(prepared);
        prepared = null;
        break;
    }
    port?.postMessage({ id, kind: 'done' } satisfies WorkerAnswer);
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    port?.postMessage({ id, kind: 'failed', error } satisfies WorkerAnswer);
  }
}

async function ingest({ id, batch: packed, totals }: WorkerRequest & { kind: 'batch' }): Promise<void> {
  const batch = unpackBatch(packed);
  await processor.prepare(batch);
  const state = { totals };
  const { outputs, metadata, accepted, rejectCodes } = processor.process(state, batch);
  const moved = outputs.map((output) => ({ ...output, value: ownMemory(output.value) }));
  const message: WorkerAnswer = {
    id,
    kind: 'ingested',
    outputs: moved,
    metadata,
    totals: state.totals,
    accepted,
    rejectCodes,
  };
  const transfer = moved.flatMap(({ value }) => (value === null ? [] : [value]));
  port?.postMessage(message, transfer);
  // All of it stands in the blocks now.
  for (const array of [packed.bytes, packed.offsets, packed.timestamps, packed.places]) releaseMemory(array);
}

/** Small buffers stand in a pool that must not be moved away under their neighbours: those are copied. */
function ownMemory(value: OutputRecord['value']): ArrayBuffer | null {
  if (value === null) return null;
  const { buffer, byteOffset, length } = value;
  const isWhole = byteOffset === 0 && length === buffer.byteLength && buffer instanceof ArrayBuffer;
  return isWhole ? buffer : new Uint8Array(value).buffer;
}
