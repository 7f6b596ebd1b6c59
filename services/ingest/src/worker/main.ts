/** The worker thread: the same processor on the same catalog, one batch after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { requireCatalog } from '@tollstream/catalog';
import type { OutputRecord } from '@tollstream/event-log';
import { createIngestProcessor } from '../processor.ts';
import type { WorkerAnswer, WorkerReady, WorkerRequest, WorkerSetup } from './messages.ts';
import { unpackBatch } from './packed-batch.ts';

const { catalogDirectory, defaultPlan, ...options } = workerData as WorkerSetup;
const port = parentPort;
if (port === null) throw new Error('This is the worker thread of ingest; it does not run by itself.');

const catalog = await requireCatalog(catalogDirectory, defaultPlan === null ? {} : { defaultPlan });
const processor = createIngestProcessor({ ...options, catalog });

port.on('message', (request: WorkerRequest) => void answer(request));
port.postMessage({ fingerprint: catalog.fingerprint } satisfies WorkerReady);

async function answer({ id, batch: packed, totals }: WorkerRequest): Promise<void> {
  try {
    const batch = unpackBatch(packed);
    await processor.prepare(batch);
    const state = { totals };
    const { outputs, metadata, accepted, rejectCodes } = processor.process(state, batch);
    const moved = outputs.map((output) => ({ ...output, value: ownMemory(output.value) }));
    const message: WorkerAnswer = {
      id,
      outputs: moved,
      metadata,
      totals: state.totals,
      accepted,
      rejectCodes,
    };
    const transfer = moved.flatMap(({ value }) => (value === null ? [] : [value]));
    port?.postMessage(message, transfer);
  } catch (error) {
    port?.postMessage({
      id,
      error: error instanceof Error ? error : new Error(String(error)),
    } satisfies WorkerAnswer);
  }
}

/** Small buffers stand in a pool that must not be moved away under their neighbours: those are copied. */
function ownMemory(value: OutputRecord['value']): ArrayBuffer | null {
  if (value === null) return null;
  const { buffer, byteOffset, length } = value;
  const isWhole = byteOffset === 0 && length === buffer.byteLength && buffer instanceof ArrayBuffer;
  return isWhole ? buffer : new Uint8Array(value).buffer;
}
