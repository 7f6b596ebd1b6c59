/**
 * Cells of one CSV record. A quote opens a cell only at its beginning and closes it only before a delimiter or the end;
 * `""` inside is one quote. So the unescaped quotes that FreeSWITCH writes inside names do not shift the columns.
 */
export function splitCsv(text: string, delimiter = ','): string[] {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    if (text[at] === '"') {
      const close = closingQuote(text, at + 1, delimiter);
      if (close !== -1) {
        cells.push(text.slice(at + 1, close).replaceAll('""', '"'));
        if (close + 1 >= text.length) return cells;
        at = close + 2;
        continue;
      }
    }
    const end = text.indexOf(delimiter, at);
    if (end === -1) {
      cells.push(text.slice(at));
      return cells;
    }
    cells.push(text.slice(at, end));
    at = end + 1;
  }
}

function closingQuote(text: string, from: number, delimiter: string): number {
  let at = text.indexOf('"', from);
  while (at !== -1) {
    const next = text[at + 1];
    if (next === undefined || next === delimiter) return at;
    at = text.indexOf('"', next === '"' ? at + 2 : at + 1);
  }
  return -1;
}

/**
 * Whether a record that holds these bytes goes on in the next line, because a quoted cell is open at their end.
 * @param bytes a record so far, without its last line end
 */
export function endsInsideQuotes(bytes: Buffer): boolean {
  if (!bytes.includes(0x22)) return false;
  let inside = false;
  let cellStart = true;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inside) {
      if (byte !== 0x22) continue;
      const next = bytes[at + 1];
      if (next === 0x22) at++;
      else if (next === undefined || next === 0x2c) inside = false;
    } else if (byte === 0x22 && cellStart) {
      inside = true;
      cellStart = false;
    } else {
      cellStart = byte === 0x2c;
    }
  }
  return inside;
}

const indexes = new Map<string, Map<string, number>>();
const INDEXES_MAX = 64;

/** Column name (lower case) → position; kept, since all records of a file share one header. */
export function columnIndex(header: string): Map<string, number> {
  let index = indexes.get(header);
  if (index === undefined) {
    if (indexes.size >= INDEXES_MAX) indexes.clear();
    index = new Map(splitCsv(header).map((name, i) => [name.trim().toLowerCase(), i]));
    indexes.set(header, index);
  }
  return index;
}
