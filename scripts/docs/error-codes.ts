import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERRORS } from './error-table.ts';

/** @returns sentences on codes that the source uses and the table lacks, and the other way round */
export function errorCodeProblems(root: string): string[] {
  const used = usedCodes(root);
  const listed = new Set(Object.values(ERRORS).flatMap((codes) => Object.keys(codes)));
  return [
    ...[...used]
      .filter(([code]) => !listed.has(code))
      .map(([code, file]) => `${code} (${file}) is not in the error table`),
    ...[...listed]
      .filter((code) => !used.has(code))
      .map((code) => `${code} is in the error table, and no source file uses it`),
  ];
}

/** Code → one file that raises it. */
function usedCodes(root: string): Map<string, string> {
  const files = globSync(['{packages,services}/*/{src,bin}/**/*.{ts,mjs}', 'scripts/*.mjs'], {
    cwd: root,
  }).filter((file) => !/\.test\.ts$|\/testing\//.test(file));
  const used = new Map<string, string>();
  for (const file of files) {
    // The quotes tell a code from its mention in a comment; the launcher's stand inside templates.
    for (const [, code] of readFileSync(join(root, file), 'utf8').matchAll(
      /['`"](TOLL_[A-Z0-9]+(?:_[A-Z0-9]+)+)\b/g,
    )) {
      if (code !== undefined) used.set(code, file);
    }
  }
  return used;
}
