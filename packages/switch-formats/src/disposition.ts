import type { Disposition } from '@tollstream/contracts';

/** How a call that nobody took ended, by its final SIP reply. A 2xx here was never acknowledged: no conversation. */
export function dispositionOfSip(code: number): Disposition {
  switch (code) {
    case 486:
    case 600:
      return 'busy';
    case 408:
    case 480:
      return 'no_answer';
    case 487:
      return 'cancelled';
    case 401:
    case 403:
    case 407:
    case 603:
    case 607:
    case 608:
      return 'rejected';
    default:
      return 'failed';
  }
}

/** The same by the Q.850 cause of an unanswered call. */
export function dispositionOfCause(cause: number): Disposition {
  switch (cause) {
    case 17:
      return 'busy';
    case 0:
    case 16:
      return 'cancelled';
    case 18:
    case 19:
    case 20:
    case 102:
      return 'no_answer';
    case 21:
      return 'rejected';
    default:
      return 'failed';
  }
}
