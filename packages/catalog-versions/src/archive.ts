/**
 * The files of a catalog as one piece of bytes, the same for the same files whatever the order in which they were read:
 *
 *   ["tollstream.catalog/1",[["accounts.yaml",1834],["catalog.yaml",210],…]]\n   paths in byte order, with lengths
 *   <bytes of accounts.yaml><bytes of catalog.yaml>…
 */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { contentUnreadable } from './errors.ts';

const FORMAT = 'tollstream.catalog/1';
const NEWLINE = 0x0a;
/** As large as the largest catalog that can be read from a directory, with room. */
const ARCHIVE_BYTES_MAX = 1024 * 1024 * 1024;

export type CatalogFiles = ReadonlyMap<string, Uint8Array>;

export function packFiles(files: CatalogFiles): Buffer {
  const paths = [...files.keys()].sort();
  const index = JSON.stringify([FORMAT, paths.map((path) => [path, files.get(path)!.length])]);
  return Buffer.concat([Buffer.from(`${index}\n`), ...paths.map((path) => files.get(path)!)]);
}

/** @throws {CatalogVersionError} TOLL_CATALOG_CONTENT_UNREADABLE */
export function unpackFiles(archive: Buffer): Map<string, Uint8Array> {
  const end = archive.indexOf(NEWLINE);
  const entries = readIndex(archive.subarray(0, Math.max(end, 0)).toString('utf8'));
  const files = new Map<string, Uint8Array>();
  let offset = end + 1;
  for (const [path, length] of entries) {
    files.set(path, archive.subarray(offset, offset + length));
    offset += length;
  }
  if (offset !== archive.length)
    throw contentUnreadable(`its files take ${offset} bytes and it has ${archive.length}`);
  return files;
}

function readIndex(text: string): [path: string, length: number][] {
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch {
    throw contentUnreadable('it does not begin with a list of files');
  }
  const [format, entries] = index as [unknown, unknown];
  if (format !== FORMAT || !Array.isArray(entries))
    throw contentUnreadable(`it is of the format ${String(format)}`);
  return entries as [string, number][];
}

export function compress(archive: Buffer): Promise<Buffer> {
  return promisify<Buffer, Buffer>(gzip)(archive);
}

/** @throws {CatalogVersionError} TOLL_CATALOG_CONTENT_UNREADABLE */
export async function decompress(stored: Buffer): Promise<Buffer> {
  try {
    return await promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip)(stored, {
      maxOutputLength: ARCHIVE_BYTES_MAX,
    });
  } catch (error) {
    throw contentUnreadable(error instanceof Error ? error.message : String(error), error);
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
