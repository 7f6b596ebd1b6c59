import type { Direction } from '@tollstream/contracts';

/**
 * A call leg as the engine prices it: normalised, times in ms since epoch UTC, numbers as exact integers of their
 * E.164 digits. Fields are writable, so that a caller with millions of rows can fill one object again and again;
 * the engine itself never writes to it and keeps no reference.
 */
export interface RatingCall {
  direction: Direction;
  /** 0 when it is no E.164 number. */
  originNumber: number;
  /** Of a caller that is no E.164 number: an extension, or withheld; '' otherwise. */
  originText: string;
  /** 0 when it is no E.164 number; then the text says what it is. */
  destinationNumber: number;
  destinationText: string;
  /** Destination before translation as E.164 digits; 0 when absent. Tells a toll-free call that was translated to a DID. */
  originalDestinationNumber: number;
  /** Routing number of a ported destination as E.164 digits; 0 when absent, or when no tariff asks for it. */
  routingNumber: number;
  device: string;
  startedAt: number;
  /** 0 when nobody answered. */
  answeredAt: number;
  endedAt: number;
  /** 0 for a whole call. */
  partialSequence: number;
}

/** A call to be filled in: outbound, from and to nobody, at the epoch. */
export function emptyCall(): RatingCall {
  return {
    direction: 'outbound',
    originNumber: 0,
    originText: '',
    destinationNumber: 0,
    destinationText: '',
    originalDestinationNumber: 0,
    routingNumber: 0,
    device: '',
    startedAt: 0,
    answeredAt: 0,
    endedAt: 0,
    partialSequence: 0,
  };
}
