/** `tollstream catalog compile`: makes what prices calls of a catalog, and says how large it is and how long it took. */
import { compileRateTable } from '@tollstream/rating-engine';
import type { CompileCommandOptions } from '../commands/catalog-versions.ts';
import { SAMPLE_CATALOG } from '../paths.ts';
import { count, print, table } from '../terminal.ts';
import { resolveCatalog } from './resolve.ts';

export async function runCompile(name: string | undefined, options: CompileCommandOptions): Promise<void> {
  const where = name ?? SAMPLE_CATALOG;
  const before = memoryBytes();
  const startedMs = performance.now();
  const catalog = await resolveCatalog(where, options);
  const loadedMs = performance.now();
  const rateTable = compileRateTable(catalog);
  const compiledMs = performance.now();
  const bytes = memoryBytes() - before;
  const { accounts, plans, tariffs, accountByNumber } = rateTable.catalog;
  const tariffRates = Array.from(tariffs.values(), ({ id, rates }) => ({ id, rates: rates.length }));
  const rates = tariffRates.reduce((sum, tariff) => sum + tariff.rates, 0);
  const result = {
    catalog: where,
    version: catalog.version,
    fingerprint: catalog.fingerprint,
    content_fingerprint: catalog.contentFingerprint,
    accounts: accounts.size,
    numbers: accountByNumber.size,
    plans: plans.size,
    tariffs: tariffRates,
    rates,
    read_ms: Math.round(loadedMs - startedMs),
    compile_ms: Math.round(compiledMs - loadedMs),
    memory_bytes: bytes,
  };
  if (options.json === true) print(JSON.stringify(result));
  else {
    const rows = [
      ['version', String(result.version)],
      ['accounts, numbers', `${count(result.accounts)}, ${count(result.numbers)}`],
      ['plans, tariffs', `${count(result.plans)}, ${count(tariffRates.length)}`],
      ['rates', count(rates)],
      ['read and checked', `${count(result.read_ms)} ms`],
      ['compiled', `${count(result.compile_ms)} ms`],
      ['memory', `${(bytes / 1_048_576).toFixed(1)} MiB`],
      ['fingerprint', result.fingerprint],
    ];
    print(table(['catalog', where], rows));
  }
}

/** What is held, and not what waits to be collected where the process lets itself be asked for that. */
function memoryBytes(): number {
  globalThis.gc?.();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + Math.max(external, arrayBuffers);
}
