/**
 * `npm run api [-- --examples N --seed N]`: schemathesis asks every operation of the OpenAPI document of a real API over the embedded
 * stores, with right and wrong requests, and holds each answer against the document. It is Python: `SCHEMATHESIS` names the program;
 * otherwise it is installed from PyPI into `.cache/schemathesis` (needs python3 with venv).
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openEmbeddedBillingStore } from '@tollstream/billing-store';
import { requireCatalog } from '@tollstream/catalog';
import { createBillingApi, issueMonth } from '@tollstream/service-billing';
import type { IssuedMonth } from '@tollstream/service-billing';
import { openEmbeddedStore } from '@tollstream/usage-store';
import { SAMPLE_CATALOG } from '../../packages/cli/src/paths.ts';
import { storeCalls } from '../../services/billing/src/testing/stored-calls.ts';
import { PROJECT_ROOT } from '../support/cli.ts';
import { readCount, readOptions } from '../support/options.ts';

const VERSION = '4.32.5';
const ACCOUNT = 'riverside-dental';
const FEBRUARY = { year: 2020, month: 2 };
const KEY = 'k'.repeat(32);

const USAGE = `Checks the HTTP API against its OpenAPI document with generated requests (schemathesis).

  npm run api -- --examples 25 --seed 7     requests for each operation (50), and what they are drawn from (7)`;

const values = readOptions(USAGE, {
  examples: { type: 'string', default: '50' },
  seed: { type: 'string', default: '7' },
});
readCount('examples', values.examples, USAGE);
readCount('seed', values.seed, USAGE, 0);
const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-api-'));
const store = await openEmbeddedStore({ dataDirectory: path.join(directory, 'usage') });
const billing = await openEmbeddedBillingStore(path.join(directory, 'billing'));
let code = 1;
try {
  await store.migrate();
  await billing.migrate();
  await storeCalls(store, 200, { token: 'calls', account_id: `'${ACCOUNT}'` });
  const catalog = await requireCatalog(SAMPLE_CATALOG);
  const issued: IssuedMonth = await issueMonth({
    billing,
    // Recurring charges alone: what the invoices hold does not matter here.
    usage: () => Promise.resolve(new Map()),
    catalog,
    month: FEBRUARY,
    nowMs: Date.UTC(2020, 1, 2),
    actor: 'test',
  });
  process.stderr.write(`${issued.issued} invoices, ${issued.refused} refused\n`);
  const api = createBillingApi({
    store,
    billing,
    catalog: () => catalog,
    apiKey: KEY,
    onError: (error) => process.stderr.write(`${error.stack ?? error.message}\n`),
  });
  await api.listen({ host: '127.0.0.1', port: 0 });
  const { port } = api.server.address() as AddressInfo;
  code = await run(program(), [
    'run',
    `http://127.0.0.1:${port}/openapi.json`,
    '--header',
    `Authorization: Bearer ${KEY}`,
    '--seed',
    values.seed,
    '--max-examples',
    values.examples,
    // How long it thinks about a request says how busy the machine is, and nothing about the API.
    '--suppress-health-check=too_slow',
  ]);
  await api.close();
} finally {
  await billing.close();
  await store.close();
  await rm(directory, { recursive: true, force: true });
}
process.exit(code);

function program(): string {
  const given = process.env['SCHEMATHESIS'];
  if (given !== undefined && given !== '') return given;
  const folder = path.join(PROJECT_ROOT, '.cache/schemathesis');
  const installed = path.join(folder, 'bin/schemathesis');
  if (existsSync(installed)) return installed;
  process.stderr.write(`installing schemathesis ${VERSION} …\n`);
  for (const [command, ...args] of [
    ['python3', '-m', 'venv', folder],
    [path.join(folder, 'bin/pip'), 'install', '--quiet', `schemathesis==${VERSION}`],
  ] as const) {
    const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    if (status === 0) continue;
    throw new Error('schemathesis could not be installed; SCHEMATHESIS may name the program');
  }
  return installed;
}

async function run(command: string, args: readonly string[]): Promise<number> {
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], cwd: directory });
  await once(child, 'exit');
  return child.exitCode ?? 1;
}
