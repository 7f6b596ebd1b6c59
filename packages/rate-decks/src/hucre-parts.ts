/**
 * The parts of hucre that a sheet is read with here: its archive, shared strings and styles. The package does not export them one by
 * one, so they are taken from its files; its version is exact, and the tests hold the rows against those of its own reader.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

export interface ZipEntry {
  readonly compressionMethod: number;
  readonly compressedSize: number;
  readonly uncompressedSize: number;
  readonly crc32: number;
  readonly localHeaderOffset: number;
}

/** An archive of which every declared size is bounded by what it really holds. */
interface ZipReader {
  readonly entryMap: ReadonlyMap<string, ZipEntry>;
  has(path: string): boolean;
  extract(path: string): Promise<Uint8Array>;
}

export interface XmlElement {
  readonly tag: string;
  readonly local: string;
  readonly attrs: Readonly<Record<string, string | undefined>>;
  readonly children: readonly (XmlElement | string)[];
}

export interface Relationship {
  readonly id: string;
  readonly type: string;
  readonly target: string;
}

type Styles = unknown;

export interface HucreParts {
  readonly ZipReader: new (data: Uint8Array) => ZipReader;
  readonly parseXml: (xml: string) => XmlElement;
  readonly parseRelationships: (xml: string) => readonly Relationship[];
  readonly parseSharedStrings: (xml: string) => readonly { readonly text: string }[];
  readonly parseStyles: (xml: string) => Styles;
  readonly isDateStyle: (styles: Styles, style: number) => boolean;
  readonly serialToDate: (serial: number, is1904: boolean) => Date;
}

const FILES = [
  'zip/reader.mjs',
  'xml/parser.mjs',
  'xlsx/relationships.mjs',
  'xlsx/shared-strings.mjs',
  'xlsx/styles.mjs',
  '_date.mjs',
];

let parts: Promise<HucreParts> | null = null;

export function hucreParts(): Promise<HucreParts> {
  parts ??= loadParts();
  return parts;
}

async function loadParts(): Promise<HucreParts> {
  const base = pathToFileURL(createRequire(import.meta.url).resolve('hucre'));
  const modules = await Promise.all(FILES.map((file) => import(new URL(file, base).href) as Promise<object>));
  return Object.assign({}, ...modules) as HucreParts;
}
