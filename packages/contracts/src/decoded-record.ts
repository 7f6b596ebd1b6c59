import type { CallEvent, RejectCode } from './call.ts';

/** What a decoder makes of the bytes of one record. `detail` names the field and what is wrong with it. */
export type DecodedRecord =
  | { readonly kind: 'call'; readonly call: CallEvent }
  | { readonly kind: 'rejected'; readonly code: RejectCode; readonly detail: string };

export function rejected(code: RejectCode, detail: string): DecodedRecord {
  return { kind: 'rejected', code, detail };
}
