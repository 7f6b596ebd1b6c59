/** A YAML file as plain values, with the way back from each value to its place in the file. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { type Place, ProblemList, wholeFile } from './problems.ts';
import { readPlainJson } from './read-json.ts';

export type Path = readonly (string | number)[];

export interface YamlFile {
  readonly file: string;
  readonly value: unknown;
  /** Of the value at the path, or of the nearest that exists above it. */
  place(path: Path): Place;
  /** Of the key itself, for keys that should not be there. */
  keyPlace(path: Path): Place;
}

const NODES_MAX = 2_000_000;
/** Aliases can make a small file mean a huge one, and each costs a search. */
const ALIASES_MAX = 10_000;

export function readYaml(file: string, text: string, problems: ProblemList): YamlFile | null {
  const value = readPlainJson(text, NODES_MAX);
  if (value === undefined) return parseYaml(file, text, problems);
  // Places are asked for where something is wrong: only then is it worth to read it once more.
  let parsed: YamlFile | null | undefined;
  const located = (): YamlFile | null =>
    (parsed = parsed === undefined ? parseYaml(file, text, new ProblemList()) : parsed);
  return {
    file,
    value,
    place: (path) => located()?.place(path) ?? wholeFile(file),
    keyPlace: (path) => located()?.keyPlace(path) ?? wholeFile(file),
  };
}

/** Whatever the text is: with all that YAML can say. */
export function parseYaml(file: string, text: string, problems: ProblemList): YamlFile | null {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, strict: true, prettyErrors: false });
  const lines = document.errors.length > 0 ? text.split('\n') : [];
  for (const error of document.errors) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    problems.add(
      'TOLL_CATALOG_YAML_INVALID',
      { file, line, column: col, text: (lines[line - 1] ?? '').trim() },
      `This is no valid YAML (${error.message})`,
    );
  }
  if (document.errors.length > 0) return null;

  let nodes = 0;
  let aliases = 0;
  function plain(node: Node | null): unknown {
    if (++nodes > NODES_MAX) throw new RangeError('too many values');
    if (isAlias(node)) {
      if (++aliases > ALIASES_MAX) throw new RangeError('too many aliases');
      return plain(node.resolve(document) ?? null);
    }
    if (isMap<Node, Node | null>(node)) {
      const object: Record<string, unknown> = Object.create(null);
      for (const pair of node.items) object[keyText(pair.key)] = plain(pair.value);
      return object;
    }
    if (isSeq<Node | null>(node)) return node.items.map(plain);
    if (!isScalar(node)) return null;
    // Numbers that a double cannot hold as written are kept as text: 0.10 is money, and 40 digits are an error to report.
    if (
      typeof node.value === 'number' &&
      !(Number.isSafeInteger(node.value) && node.source === String(node.value))
    ) {
      return node.source ?? String(node.value);
    }
    return node.value;
  }

  function step(node: unknown, key: string | number): { key: unknown; value: unknown } | null {
    const target = isAlias(node) ? node.resolve(document) : node;
    if (isMap<Node, Node | null>(target)) {
      const pair = target.items.find((item) => keyText(item.key) === String(key));
      return pair === undefined ? null : { key: pair.key, value: pair.value };
    }
    if (isSeq(target)) {
      const value = target.items[Number(key)];
      return value === undefined ? null : { key: value, value };
    }
    return null;
  }

  function placeOf(node: unknown): Place {
    const range = (node as Node | null)?.range;
    if (range === null || range === undefined) return wholeFile(file);
    const { line, col } = lineCounter.linePos(range[0]);
    return { file, line, column: col, text: isScalar(node) ? text.slice(range[0], range[1]) : '' };
  }

  function walk(path: Path): { key: unknown; value: unknown } {
    let at: { key: unknown; value: unknown } = { key: document.contents, value: document.contents };
    for (const key of path) {
      const next = step(at.value, key);
      if (next === null) return { key: at.key, value: at.key ?? at.value };
      at = next;
    }
    return at;
  }

  let value: unknown;
  try {
    value = plain(document.contents);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    problems.add(
      'TOLL_CATALOG_FILE_TOO_LARGE',
      wholeFile(file),
      `The file means more than ${NODES_MAX} values or ${ALIASES_MAX} aliases, or is nested too deep`,
      'Write the values out instead of repeating them by aliases, or split the file.',
    );
    return null;
  }
  return {
    file,
    value,
    place: (path) => {
      const { key, value: node } = walk(path);
      const place = placeOf(node);
      return place.line > 0 ? place : placeOf(key);
    },
    keyPlace: (path) => placeOf(walk(path).key),
  };
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}
