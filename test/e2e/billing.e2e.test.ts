/** A month of the sample, from calls to invoices that are issued, paid, disputed and corrected, by commands alone. */
import { execFile } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Invoice } from '@tollstream/service-billing';
import { PROJECT_ROOT, start, temporaryDirectory, tollstream } from '../support/cli.ts';

const CALLS = 6_000;
const ACCOUNT = 'riverside-dental';
const SAMPLE = path.join(PROJECT_ROOT, 'examples/hosted-phone');
const RECOMPUTE = fileURLToPath(new URL('recompute-invoice.mjs', import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
let data: string[];

async function done(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await tollstream([...args, ...data]);
  expect(code, stderr).toBe(0);
  return stdout.trim();
}

async function refused(...args: string[]): Promise<string> {
  const { code, stderr } = await tollstream([...args, ...data]);
  expect(code).not.toBe(0);
  return /\[(TOLL_\w+)\]/.exec(stderr)?.[1] ?? stderr;
}

beforeAll(async () => {
  folder = await temporaryDirectory();
  data = ['--data', path.join(folder.path, 'data')];
  const calls = path.join(folder.path, 'calls.jsonl');
  const made = await tollstream(['generate', '--calls', String(CALLS), '--seed', '5', '--output', calls]);
  expect(made.code, made.stderr).toBe(0);
  await done('run', '--calls', calls, '--exit-when-done', '--json');
});
afterAll(() => folder[Symbol.asyncDispose]());

const preview = () => done('invoice', 'preview', '--account', ACCOUNT, '--month', '2020-02', '--json');

test('the invoice worked out again from the call details alone is the same, usage to the last digit and the total to the cent', async () => {
  const csv = path.join(folder.path, 'january.csv');
  await done('cdr', 'download', '--account', ACCOUNT, '--month', '2020-01', '--detail', '--output', csv);
  const { stdout } = await promisify(execFile)(process.execPath, [RECOMPUTE, csv]);
  const { totals } = JSON.parse(await preview()) as { totals: Record<string, string> };
  expect(JSON.parse(stdout)).toEqual({ exact_usage: totals['exact_usage'], total: totals['total'] });
  expect(Number(totals['usage'])).toBeGreaterThan(1);
});

test("a recipient's e-mail that is none is refused before anything is issued, with its place", async () => {
  const catalog = path.join(folder.path, 'no-email');
  await cp(SAMPLE, catalog, { recursive: true });
  const accounts = path.join(catalog, 'accounts.yaml');
  const text = await readFile(accounts, 'utf8');
  const [email] = /\S+@[^\s,]+/.exec(text)!;
  await writeFile(accounts, text.replace(email, 'accounts-at-riverside'));
  const create = ['invoice', 'create', '--all', '--month', '2020-02', '--catalog', catalog];
  const { code, stdout, stderr } = await tollstream([...create, ...data]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/accounts\.yaml:\d+:\d+/);
  expect(stderr).toContain('TOLL_CATALOG_EMAIL_INVALID');
  expect(await done('invoice', 'list', '--month', '2020-02', '--json')).toBe('');
});

test('what is issued is the preview with a number, once, whoever asks how often', async () => {
  expect(await refused('invoice', 'create', '--account', ACCOUNT, '--month', '2020-02')).toBe(
    'TOLL_BILLING_MONTH_NOT_SETTLED',
  );
  await done('settle', '--month', '2020-01');
  const before = await preview();
  // Killed at some point of its work; what it had issued stays.
  const killed = start(['invoice', 'create', '--all', '--month', '2020-02', ...data]);
  await killed.waitFor(/accounts, \d+ issued|INV-000001/);
  killed.child.kill('SIGKILL');
  await killed.finished;
  await done('invoice', 'create', '--all', '--month', '2020-02');
  const listed = (await done('invoice', 'list', '--month', '2020-02', '--json')).split('\n');
  const own = listed.map((line) => JSON.parse(line) as Record<string, string>);
  expect(own.map(({ number }) => number)).toEqual(own.map((_, i) => `INV-${String(i + 1).padStart(6, '0')}`));
  expect(new Set(own.map(({ account_id }) => account_id)).size).toBe(own.length);
  const number = own.find(({ account_id }) => account_id === ACCOUNT)!['number']!;
  const issued = JSON.parse(await done('invoice', 'show', number, '--json')) as object;
  expect(issued).toEqual({ ...(JSON.parse(before) as object), status: 'issued', number });
  expect(await done('invoice', 'verify')).toContain('without a gap');
});

test('the calls of an issued invoice add up to it', async () => {
  const listed = await done('invoice', 'list', '--account', ACCOUNT, '--json');
  const { number } = JSON.parse(listed) as { number: string };
  const csv = path.join(folder.path, 'billed.csv');
  const file = await done('cdr', 'download', '--invoice', number, '--output', csv, '--json');
  const { totals } = JSON.parse(await done('invoice', 'show', number, '--json')) as Pick<Invoice, 'totals'>;
  expect(JSON.parse(file)).toMatchObject({ calls: totals.calls, total_cost: { USD: totals.exact_usage } });
});

test('autopay, a dispute that is late, a credit, and a month that is void and issued again', async () => {
  const list = await done('payment', 'autopay', '--on', '2020-02-10');
  const [head, first = ''] = list.split('\n');
  const results = path.join(folder.path, 'results.csv');
  await writeFile(results, `${head},outcome,reference\n${first},paid,r-1\n`);
  await done('payment', 'post', results, '--on', '2020-02-10');
  await done('payment', 'post', results, '--on', '2020-02-10');
  const [, paid = ''] = first.split(',');
  expect(
    JSON.parse(
      await done('invoice', 'list', '--json').then((text) => text.split('\n')[Number(paid.slice(4)) - 1]!),
    ),
  ).toMatchObject({
    balance: '0.00',
  });
  expect(await refused('invoice', 'void', paid, '--reason', 'x')).toBe('TOLL_INVOICE_PAID');

  const open = ['--amount', '1.00', '--reason', 'not ours', '--by', 'owner'];
  expect(await refused('dispute', 'open', 'INV-000002', ...open, '--on', '2020-02-17')).toBe(
    'TOLL_DISPUTE_LATE',
  );
  await done('dispute', 'open', 'INV-000002', ...open, '--on', '2020-02-16');
  expect(await done('dispute', 'decide', '1', '--credit', '1.00', '--decision', 'agreed')).toContain(
    'CN-000001',
  );

  await done('invoice', 'void', 'INV-000003', '--reason', 'wrong plan', '--on', '2020-02-05');
  const { account_id: again } = JSON.parse(
    (await done('invoice', 'list', '--json')).split('\n')[2]!,
  ) as Record<string, string>;
  expect(await done('invoice', 'create', '--account', again!, '--month', '2020-02')).toMatch(/^INV-/);
});

test('an issued invoice is written as PDF, HTML and UBL, the same to the byte when asked again', async () => {
  const written = async (name: string): Promise<Buffer[]> => {
    const files = ['pdf', 'html', 'ubl'].map((kind) => [
      `--${kind}`,
      path.join(folder.path, `${name}.${kind}`),
    ]);
    expect(await done('invoice', 'show', 'INV-000001', ...files.flat())).toBe('');
    return Promise.all(files.map(([, file]) => readFile(file!)));
  };
  const first = await written('first');
  expect(first.map((bytes) => bytes.subarray(0, 5).toString())).toEqual(['%PDF-', '<!doc', '<?xml']);
  expect(await written('second')).toEqual(first);
  const spanish = path.join(folder.path, 'es.html');
  await done('invoice', 'show', 'INV-000001', '--html', spanish, '--language', 'es');
  expect(await readFile(spanish, 'utf8')).toContain('<html lang="es">');
  const ubl = path.join(folder.path, 'note.xml');
  await done('credit-note', 'show', 'CN-000001', '--ubl', ubl, '--language', 'fr');
  expect(await readFile(ubl, 'utf8')).toContain('<CreditNote ');
  expect(await done('credit-note', 'show', 'CN-000001')).toContain('Corrects invoice');
});
