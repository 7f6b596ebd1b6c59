/** The files of a catalog directory, by their paths in it with '/', as what reads them wants them. */
import type { YamlFile } from './read-yaml.ts';
import { readYaml } from './read-yaml.ts';
import { ProblemList } from './problems.ts';
import { type FileKind, checkStructure } from './structure.ts';

export class CatalogFiles {
  /** Ascending. */
  readonly paths: readonly string[];
  readonly #files: ReadonlyMap<string, Uint8Array>;
  readonly #problems: ProblemList;
  readonly #used = new Set<string>();

  /** @param problems takes what is wrong with each file that is read */
  constructor(files: ReadonlyMap<string, Uint8Array>, problems: ProblemList) {
    this.#files = files;
    this.#problems = problems;
    this.paths = [...files.keys()].sort();
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  /** Those that nothing has asked for. */
  get unused(): string[] {
    return this.paths.filter((path) => !this.#used.has(path));
  }

  readonly bytesOf = (path: string): Uint8Array | null => {
    this.#used.add(path);
    return this.#files.get(path) ?? null;
  };

  readonly textOf = (path: string): string | null => this.#textOf(path, this.#problems);

  #textOf(path: string, problems: ProblemList): string | null {
    const bytes = this.#files.get(path);
    if (bytes === undefined) return null;
    this.#used.add(path);
    return decodeText(path, bytes, problems);
  }

  yamlOf(path: string, kind: FileKind): YamlFile | null {
    return this.#yamlOf(path, kind, this.#problems);
  }

  #yamlOf(path: string, kind: FileKind, problems: ProblemList): YamlFile | null {
    const text = this.#textOf(path, problems);
    if (text === null) return null;
    const yaml = readYaml(path, text, problems);
    if (yaml !== null) checkStructure(yaml, kind, problems);
    return yaml;
  }

  yamlPathsIn(folder: string): string[] {
    return this.paths.filter((path) => path.startsWith(`${folder}/`) && /\.ya?ml$/.test(path));
  }

  /** Those that could be read. */
  yamlsIn(folder: string, kind: FileKind): YamlFile[] {
    return this.yamlPathsIn(folder)
      .map((path) => this.yamlOf(path, kind))
      .filter((yaml) => yaml !== null);
  }

  /** The first that is the one; what is wrong with the others is not told. */
  findYaml(folder: string, kind: FileKind, isIt: (yaml: YamlFile) => boolean): YamlFile | null {
    for (const path of this.yamlPathsIn(folder)) {
      const problems = new ProblemList();
      const yaml = this.#yamlOf(path, kind, problems);
      if (yaml === null || !isIt(yaml)) continue;
      this.#problems.addAll(problems);
      return yaml;
    }
    return null;
  }
}

function decodeText(path: string, bytes: Uint8Array, problems: ProblemList): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const lenient = new TextDecoder('utf-8').decode(bytes);
    const lines = lenient.split('\n');
    const line = lines.findIndex((text) => text.includes('\uFFFD'));
    const text = lines[line] ?? '';
    const place = { file: path, line: line + 1, column: text.indexOf('\uFFFD') + 1, text };
    problems.add('TOLL_CATALOG_ENCODING_INVALID', place, 'These bytes are no UTF-8');
    // Goes on with the replaced text, so that the other problems of the file are found too.
    return lenient;
  }
}
