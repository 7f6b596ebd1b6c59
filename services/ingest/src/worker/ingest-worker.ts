import { Worker } from 'node:worker_threads';
import { transferCatalog } from '@tollstream/catalog';
import type { Catalog } from '@tollstream/catalog';
import type { Swap } from '@tollstream/catalog-versions';
import type { RecordBatch } from '@tollstream/event-log';
import type { IngestedBatch, IngestState } from '../processor.ts';
import type { WorkerAnswer, WorkerRequest, WorkerSetup } from './messages.ts';
import { packBatch } from './packed-batch.ts';

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;

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

  /** Starts the thread and waits until it holds the catalog. */
  static async start(setup: Omit<WorkerSetup, 'catalog'>, catalog: Catalog): Promise<IngestWorker> {
    const workerData: WorkerSetup = { ...setup, catalog: transferCatalog(catalog) };
    const worker = new Worker(new URL('./main.ts', import.meta.url), { workerData, name: 'ingest' });
    await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    return new IngestWorker(worker);
  }

  /** As the processor's `prepare` and `process`; changes `state` as it does. */
  async ingest(state: IngestState, batch: RecordBatch): Promise<IngestedBatch> {
    const { packed, transfer } = packBatch(batch);
    const answer = await this.#ask({ kind: 'batch', batch: packed, totals: state.totals }, transfer);
    if (answer.kind !== 'ingested') throw new Error(`The worker thread of ingest answered ${answer.kind}.`);
    state.totals = answer.totals;
    const outputs = answer.outputs.map((output) => ({
      ...output,
      value: output.value === null ? null : Buffer.from(output.value),
    }));
    return { outputs, metadata: answer.metadata, accepted: answer.accepted, rejectCodes: answer.rejectCodes };
  }

  /** The thread works one message after the other: what is asked for after the swap is attributed by the new version. */
  async prepareCatalog(catalog: Catalog): Promise<Swap> {
    await this.#ask({ kind: 'prepare', catalog: transferCatalog(catalog) }, []);
    return () => {
      // Its failure is that of the thread, and stops the member by its next batch.
      this.#ask({ kind: 'swap' }, []).catch(() => undefined);
    };
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  async #ask(request: WithoutId<WorkerRequest>, transfer: ArrayBuffer[]): Promise<WorkerAnswer> {
    if (this.#failure !== null) throw this.#failure;
    const id = this.#nextId;
    this.#nextId += 1;
    const answer = await new Promise<WorkerAnswer>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...request, id } satisfies WorkerRequest, transfer);
    });
    if (answer.kind === 'failed') throw answer.error;
    return answer;
  }

  #fail(error: Error): void {
    // Opening the partition anew would not bring the thread back: the member is to stop.
    this.#failure ??= Object.assign(error, { retriable: false });
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}
