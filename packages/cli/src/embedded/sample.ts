/** The sample: one month of a hosted phone service's calls, made once per data directory from a fixed seed. */
import { access, rename } from 'node:fs/promises';
import path from 'node:path';
import type { Catalog } from '@tollstream/catalog';
import { writeCalls } from '../generate/index.ts';
import { say } from '../terminal.ts';

const SAMPLE_CALLS = 120_000;
const SAMPLE_SEED = 2020;
/** The sample's calls are of January 2020: they are on the February invoice. */
export const SAMPLE_INVOICE_MONTH = '2020-02';

export async function sampleCallsFile(dataDir: string, catalog: Catalog): Promise<string> {
  const file = path.join(dataDir, 'sample-calls.jsonl');
  try {
    await access(file);
    return file;
  } catch {
    say(`Making ${SAMPLE_CALLS.toLocaleString('en-US')} sample calls (seed ${SAMPLE_SEED}) …`);
  }
  // Under another name until it is whole: a killed run must not leave half a month behind as the sample.
  await writeCalls({
    calls: SAMPLE_CALLS,
    seed: SAMPLE_SEED,
    output: `${file}.new`,
    format: 'json',
    catalog,
  });
  await rename(`${file}.new`, file);
  return file;
}
