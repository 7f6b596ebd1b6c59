/** Alerts of spend limits over the embedded log and the real engine, across runs that go on where the last one ended. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT_ROOT, temporaryDirectory, tollstream } from '../support/cli.ts';

const CALLS = 3_000;
const PARTS = 3;

interface Alert {
  readonly alert: string;
  readonly call_id: string;
}

test('alerts come once and with the same sums, however often the run is begun anew', async () => {
  await using directory = await temporaryDirectory();
  const at = (name: string): string => path.join(directory.path, name);
  await cp(path.join(PROJECT_ROOT, 'examples/hosted-phone'), at('catalog'), { recursive: true });
  const plan = at('catalog/plans/standard.yaml');
  await writeFile(plan, (await readFile(plan, 'utf8')).replace('amount: 50.00', 'amount: 4.00'));
  await tollstream(['generate', '--calls', String(CALLS), '--seed', '5', '--output', at('calls.jsonl')]);
  const lines = (await readFile(at('calls.jsonl'), 'utf8')).split('\n').filter((line) => line !== '');

  const rate = async (file: string, data: string): Promise<void> => {
    const options = [
      '--calls',
      at(file),
      '--catalog',
      at('catalog'),
      '--data',
      at(data),
      '--exit-when-done',
      '--json',
    ];
    const { code, stderr } = await tollstream(['run', ...options]);
    expect(code, stderr).toBe(0);
  };
  const alertsOf = async (data: string, ...options: string[]): Promise<Alert[]> => {
    const { stdout } = await tollstream(['alerts', 'list', '--data', at(data), '--json', ...options]);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Alert);
  };

  await rate('calls.jsonl', 'through');
  for (let part = 1; part <= PARTS; part += 1) {
    // Each file holds what the ones before it held: copies count nothing.
    const until = Math.ceil((lines.length * part) / PARTS);
    await writeFile(at(`part-${part}.jsonl`), `${lines.slice(0, until).join('\n')}\n`);
    await rate(`part-${part}.jsonl`, 'parts');
  }
  const [through, parts] = [await alertsOf('through'), await alertsOf('parts')];
  expect(through.length).toBeGreaterThan(5);
  const withoutId = ({ alert: _id, ...rest }: Alert): object => rest;
  expect(parts.map(withoutId)).toEqual(through.map(withoutId));
  expect(new Set(parts.map(({ call_id }) => call_id)).size).toBeGreaterThan(parts.length / 2);

  const { stdout, code } = await tollstream(['verify', '--data', at('parts'), '--json']);
  expect(code, stdout).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ verified: true, alerts: parts.length });

  const [first] = parts;
  const shown = await tollstream(['alerts', 'show', first!.alert, '--data', at('parts'), '--json']);
  expect(JSON.parse(shown.stdout)).toMatchObject({ call_id: first!.call_id, spend_limit: 'toll-fraud' });
  expect(await alertsOf('parts', '--limit-id', 'another')).toEqual([]);
  const unknown = await tollstream(['alerts', 'show', 'ffffffffffff', '--data', at('parts')]);
  expect(unknown.code).toBe(1);
});
