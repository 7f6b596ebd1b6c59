/**
 * Makes the reference pages from the code: `node scripts/docs.ts`. With `--check` it writes nothing and fails when a page
 * differs, or when the source and the error table name different codes.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { capacityTables } from './docs/capacity.ts';
import { configurationPage } from './docs/configuration-page.ts';
import { errorsPage } from './docs/errors-page.ts';
import { errorCodeProblems } from './docs/error-codes.ts';
import { performanceTables, readReports, withFigures } from './docs/figures.ts';
import { metricsPage } from './docs/metrics-page.ts';
import { openApiDocument } from '../services/billing/src/api/openapi.ts';

const root = join(import.meta.dirname, '..');
const check = process.argv.includes('--check');
const NOTE = '<!-- Made by scripts/docs.ts from the code. Do not edit: run `node scripts/docs.ts`. -->\n\n';

const reports = readReports(root);
const written = (name: string): string => readFileSync(join(root, name), 'utf8');
const pages: Readonly<Record<string, string>> = {
  'docs/configuration.md': NOTE + (await configurationPage(root)),
  'docs/errors.md': NOTE + errorsPage(),
  'docs/metrics.md': NOTE + metricsPage(),
  // Written by hand but for their tables.
  'docs/performance.md': withFigures(written('docs/performance.md'), performanceTables(reports)),
  'docs/capacity.md': withFigures(written('docs/capacity.md'), capacityTables(reports)),
};

const problems = errorCodeProblems(root);
for (const [name, content] of Object.entries(pages)) {
  const file = join(root, name);
  const style = await resolveConfig(file);
  const wanted = await format(content, { ...style, parser: 'markdown' });
  const present = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (wanted === present) continue;
  if (check) problems.push(`${name} is not what the code says; run "node scripts/docs.ts"`);
  else writeFileSync(file, wanted);
}
const openApiFile = join(root, 'schemas/openapi.json');
const openApi = await format(JSON.stringify(openApiDocument()), {
  ...(await resolveConfig(openApiFile)),
  parser: 'json',
});
if (!existsSync(openApiFile) || readFileSync(openApiFile, 'utf8') !== openApi) {
  if (check) problems.push('schemas/openapi.json is not what the code says; run "node scripts/docs.ts"');
  else writeFileSync(openApiFile, openApi);
}
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
