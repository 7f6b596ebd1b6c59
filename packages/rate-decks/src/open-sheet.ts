/** Where the rows of a sheet stand in a workbook's archive, and what they refer to. */
import { isAscii } from 'node:buffer';
import { once } from 'node:events';
import { crc32, createInflateRaw } from 'node:zlib';
import { EncryptedFileError } from 'hucre';
import type { HucreParts, Relationship, ZipEntry } from './hucre-parts.ts';
import type { SheetContext } from './sheet-rows.ts';

export interface OpenSheet {
  readonly context: SheetContext;
  /** The sheet's XML as UTF-8, in pieces that end anywhere. */
  readonly xml: () => AsyncGenerator<Buffer>;
}

const INFLATED_CHUNK_BYTES = 1024 * 1024;
const SHEET_BYTES_MAX = 2 * 1024 * 1024 * 1024;
const LOCAL_HEADER_BYTES = 30;
const DEFLATED = 8;

/**
 * @param sheet name, or position from 0
 * @returns null when there is no such sheet
 * @throws Error when the archive or what it says of itself cannot be read
 */
export async function openSheet(
  bytes: Uint8Array,
  sheet: string | number,
  parts: HucreParts,
): Promise<OpenSheet | null> {
  const zip = new parts.ZipReader(bytes);
  if (zip.has('EncryptedPackage')) throw new EncryptedFileError('xlsx');
  async function read(path: string): Promise<string | null> {
    return zip.has(path) ? new TextDecoder().decode(await zip.extract(path)) : null;
  }
  async function must(path: string, what: string): Promise<string> {
    const text = await read(path);
    if (text === null) throw new Error(`the archive has no ${what} (${path})`);
    return text;
  }
  await must('[Content_Types].xml', 'list of its parts');
  const root = parts.parseRelationships(await must('_rels/.rels', 'relationships'));
  const workbookPath = root.find(isOf('officeDocument'))?.target.replace(/^\//, '') ?? '';
  const workbook = parts.parseXml(await must(workbookPath, 'workbook'));
  const folder = workbookPath.slice(0, Math.max(0, workbookPath.lastIndexOf('/')));
  const relationsPath = `${folder === '' ? '' : `${folder}/`}_rels/${workbookPath.slice(workbookPath.lastIndexOf('/') + 1)}.rels`;
  const relations = parts.parseRelationships((await read(relationsPath)) ?? '');

  const { sheets, is1904 } = sheetsOf(workbook);
  const found = typeof sheet === 'number' ? sheets[sheet] : sheets.find(({ name }) => name === sheet);
  if (found === undefined) return null;
  const target = relations.find((each) => each.id === found.id && isOf('worksheet')(each))?.target ?? '';
  const path = resolvePath(folder, target);
  const entry = zip.entryMap.get(path);
  if (entry === undefined) throw new Error(`the archive has no rows of the sheet "${found.name}"`);

  async function part(type: string): Promise<string | null> {
    const relation = relations.find(isOf(type));
    return relation === undefined ? null : read(resolvePath(folder, relation.target));
  }
  const strings = await part('sharedStrings');
  const styles = await part('styles');
  const parsedStyles = styles === null ? null : parts.parseStyles(styles);
  return {
    context: {
      strings: strings === null ? [] : parts.parseSharedStrings(strings).map(({ text }) => text),
      isDateStyle: (style) => parsedStyles !== null && parts.isDateStyle(parsedStyles, style),
      dateOf: (serial) => parts.serialToDate(serial, is1904),
    },
    xml: () => xmlOf(entry, bytes, () => zip.extract(path)),
  };
}

function isOf(type: string): (relation: Relationship) => boolean {
  return (relation) => relation.type.endsWith(`/${type}`);
}

/** Relative to the folder, or from the root of the archive. */
function resolvePath(folder: string, target: string): string {
  return new URL(target, `zip:/${folder === '' ? '' : `${folder}/`}`).pathname.slice(1);
}

interface SheetsOfWorkbook {
  readonly sheets: readonly { readonly name: string; readonly id: string }[];
  readonly is1904: boolean;
}

type Element = ReturnType<HucreParts['parseXml']>;

function sheetsOf(workbook: Element): SheetsOfWorkbook {
  const childrenOf = (element: Element, name: string): Element[] =>
    element.children.filter((child): child is Element => typeof child !== 'string' && child.local === name);
  const isTrue = (value: string | undefined): boolean => value === '1' || value === 'true';
  return {
    is1904: childrenOf(workbook, 'workbookPr').some(({ attrs }) => isTrue(attrs['date1904'])),
    sheets: childrenOf(workbook, 'sheets').flatMap((list) =>
      childrenOf(list, 'sheet').map(({ attrs }) => ({
        name: attrs['name'] ?? '',
        id: Object.entries(attrs).find(([key]) => /^\w+:id$/i.test(key))?.[1] ?? '',
      })),
    ),
  };
}

/** Inflated piece by piece, since a sheet of a million rows is a quarter of a gigabyte; and checked as the archive declares it. */
async function* xmlOf(
  entry: ZipEntry,
  bytes: Uint8Array,
  extract: () => Promise<Uint8Array>,
): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  if (entry.compressionMethod !== DEFLATED || entry.compressedSize === 0) {
    const whole = await extract();
    decoder.decode(whole);
    yield Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength);
    return;
  }
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = entry.localHeaderOffset;
  const from = at + LOCAL_HEADER_BYTES + header.readUInt16LE(at + 26) + header.readUInt16LE(at + 28);
  const bytesMax = Math.min(entry.uncompressedSize, SHEET_BYTES_MAX);
  const inflate = createInflateRaw({ chunkSize: INFLATED_CHUNK_BYTES });
  inflate.end(bytes.subarray(from, from + entry.compressedSize));
  let length = 0;
  let checksum = 0;
  let isBetweenCharacters = true;
  try {
    for await (const chunk of inflate as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > bytesMax) throw new Error(`a sheet of ${bytesMax} bytes inflates to more`);
      checksum = crc32(chunk, checksum);
      // The decoder is here for what it throws.
      if (!isBetweenCharacters || !isAscii(chunk)) decoder.decode(chunk, { stream: true });
      isBetweenCharacters = chunk.at(-1)! < 0x80;
      yield chunk;
    }
  } finally {
    if (!inflate.destroyed) {
      inflate.destroy();
      await once(inflate, 'close');
    }
  }
  if (checksum !== entry.crc32) throw new Error('the rows of the sheet are damaged (CRC-32)');
  decoder.decode();
}
