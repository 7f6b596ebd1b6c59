import { catalogJson, loadCatalog, renderProblems } from '@tollstream/catalog';
import { catalogOf } from './catalog-option.ts';
import { writeVersionFiles } from './catalog-versions/files.ts';
import { resolveCatalog } from './catalog-versions/resolve.ts';
import type { CatalogOptions } from './commands/catalog.ts';
import { EXIT_USAGE } from './failure.ts';
import { SAMPLE_CATALOG } from './paths.ts';
import { print, printPiece, say, table } from './terminal.ts';

export async function checkCatalog(directory: string | undefined, options: CatalogOptions): Promise<void> {
  const where = directory ?? SAMPLE_CATALOG;
  const loaded = await loadCatalog(where);
  const problems = loaded.ok ? loaded.warnings : loaded.problems;
  if (options.json === true) print(JSON.stringify({ ok: loaded.ok, problems }));
  else if (problems.length > 0) say(renderProblems(problems));
  if (!loaded.ok) process.exitCode = EXIT_USAGE;
  else if (options.json !== true) {
    const { version, accounts, plans, tariffs } = loaded.catalog;
    print(
      `${where}: version ${version}, ${accounts.size} accounts, ${plans.size} plans, ${tariffs.size} tariffs; no problem.`,
    );
  }
}

export async function showCatalog(version: string | undefined, options: CatalogOptions): Promise<void> {
  if (options.files !== undefined) {
    await writeVersionFiles(version ?? 'newest', options.files, options.data);
    return;
  }
  const isVersion = version !== undefined || options.data !== undefined;
  const catalog = isVersion
    ? await resolveCatalog(version ?? 'newest', { data: options.data })
    : await catalogOf(options);
  if (options.json === true) {
    for (const piece of catalogJson(catalog)) await printPiece(piece);
    print('');
    return;
  }
  const rows = Array.from(catalog.accounts.values(), ({ id, name, plan, numbers }) => [
    id,
    name,
    plan.id,
    String(numbers.length),
  ]);
  print(table(['account', 'name', 'plan', 'numbers'], rows, [3]));
}
