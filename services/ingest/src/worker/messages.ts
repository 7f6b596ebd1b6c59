/** What ingest and its worker thread say to each other. */
import type { RejectCode, RunningTotals } from '@tollstream/contracts';
import type { OutputRecord } from '@tollstream/event-log';
import type { IngestProcessorOptions } from '../processor.ts';
import type { PackedBatch } from './packed-batch.ts';

/** Options of the processor that can cross to another thread; the catalog is read there anew. */
export interface WorkerSetup extends Pick<
  IngestProcessorOptions,
  'outputs' | 'sources' | 'limits' | 'defaultDialPlan'
> {
  readonly catalogDirectory: string;
  readonly defaultPlan: string | null;
}

/** First message of the worker: which catalog it holds. */
export interface WorkerReady {
  readonly fingerprint: string;
}

export interface WorkerRequest {
  readonly id: number;
  readonly batch: PackedBatch;
  readonly totals: RunningTotals;
}

export type WorkerAnswer =
  | {
      readonly id: number;
      readonly outputs: readonly (Omit<OutputRecord, 'value'> & { readonly value: ArrayBuffer | null })[];
      readonly metadata: string;
      readonly totals: RunningTotals;
      readonly accepted: number;
      readonly rejectCodes: ReadonlyMap<RejectCode, number>;
    }
  | { readonly id: number; readonly error: Error };
