/** A catalog directory from disk. */
import { lstat, readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { type CatalogOptions, type CatalogResult, buildCatalog } from './build.ts';
import { IMAGE_NAME } from './logo.ts';
import { ProblemList, wholeFile } from './problems.ts';

const YAML_BYTES_MAX = 16 * 1024 * 1024;
const CSV_BYTES_MAX = 512 * 1024 * 1024;
const FOLDERS = ['', 'plans', 'tariffs', 'accounts'];

/**
 * Reads, checks and compiles a catalog directory.
 * @returns the catalog with what is legal and probably wrong, or every problem with its place; never throws for what the files say
 */
export async function loadCatalog(directory: string, options: CatalogOptions = {}): Promise<CatalogResult> {
  const problems = new ProblemList();
  const files = await readCatalogDirectory(directory, problems);
  if (files.size === 0 && problems.count > 0) return { ok: false, problems: problems.list() };
  return buildCatalog(files, options, problems);
}

/** The files that make a catalog, by their paths in it. @param problems takes those that cannot be read */
export async function readCatalogDirectory(
  directory: string,
  problems: ProblemList,
): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const folder of FOLDERS) {
    for (const name of await filesIn(path.join(directory, folder), directory, folder === '', problems)) {
      const file = folder === '' ? name : `${folder}/${name}`;
      const bytes = await readOne(path.join(directory, file), file, problems);
      if (bytes !== null) files.set(file, bytes);
    }
  }
  return files;
}

async function filesIn(
  folder: string,
  directory: string,
  isRoot: boolean,
  problems: ProblemList,
): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter(
        (entry) =>
          !entry.isDirectory() &&
          (/\.(ya?ml|csv)$/.test(entry.name) || (isRoot && IMAGE_NAME.test(entry.name))),
      )
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if (isRoot || (error as NodeJS.ErrnoException).code !== 'ENOENT') {
      problems.add(
        'TOLL_CATALOG_DIRECTORY_MISSING',
        wholeFile(directory),
        'The catalog directory cannot be read',
      );
    }
    return [];
  }
}

async function readOne(location: string, file: string, problems: ProblemList): Promise<Uint8Array | null> {
  try {
    const { size } = await lstat(location);
    if (size > (file.endsWith('.csv') ? CSV_BYTES_MAX : YAML_BYTES_MAX)) {
      problems.add('TOLL_CATALOG_FILE_TOO_LARGE', wholeFile(file), `The file has ${size} bytes`);
      return null;
    }
    return await readFile(location);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    problems.add('TOLL_CATALOG_FILE_UNREADABLE', wholeFile(file), `The file cannot be read (${code})`);
    return null;
  }
}
