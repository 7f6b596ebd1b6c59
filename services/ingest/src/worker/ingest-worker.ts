import { Worker } from 'node:worker_threads';
import type { Catalog } from '@tollstream/catalog';
import type { RecordBatch } from '@tollstream/event-log';
import { TollError } from '@tollstream/service-kit';
import type { IngestedBatch, IngestState } from '../processor.ts';
import type { WorkerAnswer, WorkerReady, WorkerRequest, WorkerSetup } from './messages.ts';
import { packBatch } from './packed-batch.ts';

/** Decodes, validates and encodes in a thread of its own, so that the stages of one process use two cores. */
export class IngestWorker {
  readonly #worker: Worker;
  readonly #waiting = new Map<
    number,
    { resolve: (answer: WorkerAnswer) => void; reject: (error: Error) => void }
  >();
  #nextId = 0;
  /** Set once the thread is gone; nothing is asked of it any more. */
  #failure: Error | null = null;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (answer: WorkerAnswer) => {
      this.#waiting.get(answer.id)?.resolve(answer);
      this.#waiting.delete(answer.id);
    });
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', () => this.#fail(new Error('The worker thread of ingest ended.')));
  }

  /**
   * Starts the thread and waits until it holds the catalog.
   * @throws TollError TOLL_INGEST_CATALOG_CHANGED when the files changed since `catalog` was read from them
   */
  static async start(setup: WorkerSetup, catalog: Catalog): Promise<IngestWorker> {
    const worker = new Worker(new URL('./main.ts', import.meta.url), { workerData: setup });
    const { fingerprint } = await new Promise<WorkerReady>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    if (fingerprint !== catalog.fingerprint) {
      await worker.terminate();
      throw new TollError({
        code: 'TOLL_INGEST_CATALOG_CHANGED',
        message: `The catalog ${setup.catalogDirectory} was changed while the run began.`,
        remedy: 'Start again once the files are as they should be.',
      });
    }
    return new IngestWorker(worker);
  }

  /** As the processor's `prepare` and `process`; changes `state` as it does. */
  async ingest(state: IngestState, batch: RecordBatch): Promise<IngestedBatch> {
    const { packed, transfer } = packBatch(batch);
    const answer = await this.#ask({ batch: packed, totals: state.totals }, transfer);
    if ('error' in answer) throw answer.error;
    state.totals = answer.totals;
    const outputs = answer.outputs.map((output) => ({
      ...output,
      value: output.value === null ? null : Buffer.from(output.value),
    }));
    return { outputs, metadata: answer.metadata, accepted: answer.accepted, rejectCodes: answer.rejectCodes };
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(request: Omit<WorkerRequest, 'id'>, transfer: ArrayBuffer[]): Promise<WorkerAnswer> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...request, id } satisfies WorkerRequest, transfer);
    });
  }

  #fail(error: Error): void {
    // Opening the partition anew would not bring the thread back: the member is to stop.
    this.#failure ??= Object.assign(error, { retriable: false });
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}
