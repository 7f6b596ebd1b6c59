import { EventLogError } from './errors.ts';
import { METADATA_BYTES_MAX } from './limits.ts';
import type { ClaimMode, Commit } from './port.ts';

/** A commit that breaks the contract is a fault of the caller, and is refused before anything is written. */
export function checkCommit(step: Commit, mode: ClaimMode): void {
  checkPosition(step);
  if (mode === 'offsets' && (step.outputs.length > 0 || step.packed !== undefined)) {
    throw invalid('A member in mode "offsets" commits positions only; outputs need mode "transactional".');
  }
}

/** As `checkCommit`, of a position that brings no outputs. */
export function checkPosition(step: Pick<Commit, 'nextOffset' | 'metadata'>): void {
  if (!Number.isSafeInteger(step.nextOffset) || step.nextOffset < 0) {
    throw invalid(`The offset ${step.nextOffset} is no offset.`);
  }
  const metadataBytes = Buffer.byteLength(step.metadata);
  if (metadataBytes > METADATA_BYTES_MAX) {
    throw invalid(`The metadata takes ${metadataBytes} bytes; ${METADATA_BYTES_MAX} are allowed.`);
  }
}

/** A claim that a log has not given, or not so that its position can be committed with others. */
export function claimForeign({ topic, partition }: { topic: string; partition: number }): EventLogError {
  return invalid(`The claim on ${topic}/${partition} cannot be committed together with others.`);
}

function invalid(message: string): EventLogError {
  return new EventLogError({
    code: 'TOLL_LOG_COMMIT_INVALID',
    message,
    remedy: 'This is a fault in the program that commits; please report it.',
  });
}
