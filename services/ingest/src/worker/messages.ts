/** What ingest and its worker thread say to each other. */
import type { TransferredCatalog } from '@tollstream/catalog';
import type { RejectCode, RunningTotals } from '@tollstream/contracts';
import type { OutputRecord } from '@tollstream/event-log';
import type { IngestProcessorOptions } from '../processor.ts';
import type { MovedBatch } from './packed-batch.ts';

/** Options of the processor that can cross to another thread; the catalog shares its buffers. */
export interface WorkerSetup extends Pick<
  IngestProcessorOptions,
  'outputs' | 'sources' | 'limits' | 'defaultDialPlan'
> {
  readonly catalog: TransferredCatalog;
}

export type WorkerRequest =
  | {
      readonly id: number;
      readonly kind: 'batch';
      readonly batch: MovedBatch;
      readonly totals: RunningTotals;
    }
  /** Takes another version, beside the one in use. */
  | { readonly id: number; readonly kind: 'prepare'; readonly catalog: TransferredCatalog }
  /** Takes the prepared version for all batches that are asked for later. */
  | { readonly id: number; readonly kind: 'swap' };

export type WorkerAnswer =
  | { readonly id: number; readonly kind: 'done' }
  | {
      readonly id: number;
      readonly kind: 'ingested';
      readonly outputs: readonly (Omit<OutputRecord, 'value'> & { readonly value: ArrayBuffer | null })[];
      readonly metadata: string;
      readonly totals: RunningTotals;
      readonly accepted: number;
      readonly rejectCodes: ReadonlyMap<RejectCode, number>;
    }
  | { readonly id: number; readonly kind: 'failed'; readonly error: Error };
