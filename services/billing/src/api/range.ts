/** Parts of a download (RFC 9110, section 14): one range of bytes; several are answered with the whole, as the standard allows. */

export interface ByteRange {
  readonly first: number;
  /** Included. */
  readonly last: number;
}

/** @returns null: the whole; 'unsatisfiable': nothing of it lies within the size */
export function rangeOf(header: string | undefined, size: number): ByteRange | null | 'unsatisfiable' {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  // Of nothing there is no part; a client that asks for one gets what there is.
  if (match === null || size === 0) return null;
  const [, from = '', to = ''] = match;
  if (from === '' && to === '') return null;
  if (from === '') {
    // The last so many bytes.
    const length = Math.min(Number(to), size);
    return length === 0 ? 'unsatisfiable' : { first: size - length, last: size - 1 };
  }
  const first = Number(from);
  if (to !== '' && Number(to) < first) return null;
  if (first >= size) return 'unsatisfiable';
  return { first, last: to === '' ? size - 1 : Math.min(Number(to), size - 1) };
}
