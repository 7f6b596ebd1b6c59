/** A tariff before and after a deck. */
import { describe, expect, test } from 'vitest';
import { csvAfter, importText, problemsOf, tariff } from './testing/decks.ts';

const BEFORE = tariff(
  'prefix,description,rate,connect_fee,initial,step,rounding,effective_from,effective_to,attempt_fee\n' +
    '33,France,0.02,0,60,60,nearest,2019-01-01,,0.001\n' +
    '44,United Kingdom,0.01,0,60,60,nearest,2019-01-01,,0.001\n',
);

describe('a delta', () => {
  const delta = { before: BEFORE, mode: 'delta' } as const;

  test('ends the old row where the new one starts, and leaves other codes', async () => {
    const result = await importText('Code,Rate,Effective Date\n44,0.015,2020-02-01\n', delta);
    expect(await csvAfter('Code,Rate,Effective Date\n44,0.015,2020-02-01\n', delta)).toBe(
      'prefix,description,country,rate,connect_fee,initial,step,rounding,effective_from,effective_to,attempt_fee\n' +
        '33,France,,0.02,0,60,60,nearest,2019-01-01,,0.001\n' +
        '44,United Kingdom,,0.01,0,60,60,nearest,2019-01-01,2020-02-01,0.001\n' +
        '44,United Kingdom,GB,0.015,0,60,60,nearest,2020-02-01,,0.001\n',
    );
    expect(result).toMatchObject({
      summary: {
        changed_codes: 1,
        increased: 1,
        mean_change_percent: '+50',
        largest_increase: { prefix: '44', before: '0.01', after: '0.015', percent: '+50' },
        first_change: '2020-02-01',
      },
    });
  });

  test('leaves one row where nothing changes', async () => {
    const result = await importText('Code,Rate,Effective Date\n44,0.010,2020-02-01\n', delta);
    expect(result).toMatchObject({ summary: { unchanged_codes: 1, changed_codes: 0, rows_written: 2 } });
    expect(await csvAfter('Code,Rate,Effective Date\n44,0.010,2020-02-01\n', delta)).toContain(
      '44,United Kingdom,GB,0.01,0,60,60,nearest,2019-01-01,0.001',
    );
  });

  test('ends a discontinued code, and starts a new one', async () => {
    const deck = 'Code,Rate,Status,Effective Date\n44,,Discontinued,2020-02-01\n49,0.03,New,2020-02-01\n';
    const file = await csvAfter(deck, delta);
    expect(file).toContain('44,United Kingdom,,0.01,0,60,60,nearest,2019-01-01,2020-02-01,0.001\n');
    expect(file).toContain('49,,DE,0.03,,,,,2020-02-01,,\n');
    expect(await importText(deck, delta)).toMatchObject({ summary: { ended_codes: 1, new_codes: 1 } });
  });

  test('corrects a row that starts on the same day', async () => {
    const file = await csvAfter('Code,Rate,Effective Date\n44,0.02,2019-01-01\n', delta);
    expect(file.match(/^44,/gm)).toHaveLength(1);
  });

  test('does not pass over a change that the tariff holds for later', async () => {
    const before = tariff(
      'prefix,rate,effective_from,effective_to\n44,0.01,,2020-07-01\n44,0.02,2020-07-01,\n',
    );
    const deck = 'Code,Rate,Effective Date\n44,0.015,2020-02-01\n';
    expect(await problemsOf(deck, { before, mode: 'delta' })).toEqual(['FUTURE_CONFLICT@2:1']);
    const both = `${deck}44,0.02,2020-07-01\n`;
    expect((await csvAfter(both, { before, mode: 'delta' })).split('\n').slice(1, -1)).toEqual([
      '44,,0.01,,2020-02-01',
      '44,GB,0.015,2020-02-01,2020-07-01',
      '44,GB,0.02,2020-07-01,',
    ]);
  });

  test('needs a date when the deck has none', async () => {
    expect(await problemsOf('Code,Rate\n44,0.02\n', delta)).toEqual(['DATE_MISSING@0:0']);
    expect(await csvAfter('Code,Rate\n44,0.02\n', { ...delta, asOf: '2020-02-01' })).toContain('2020-02-01');
  });
});

test('an end that a deck gives to a rate that stays is a change', async () => {
  const deck = 'Code,Rate,Valid From,Valid To\n44,0.01,2020-02-01,2020-03-01\n';
  const result = await importText(deck, { before: BEFORE, mode: 'delta' });
  expect(result).toMatchObject({ summary: { unchanged_codes: 0, other_terms: 1, rows_written: 2 } });
});

describe('a full deck', () => {
  test('ends the codes that it does not have, and keeps their past', async () => {
    const deck = 'Code,Rate,Effective Date\n44,0.01,2020-02-01\n';
    const result = await importText(deck, { before: BEFORE });
    expect(result).toMatchObject({ summary: { ended_codes: 1, unchanged_codes: 1 } });
    expect(await csvAfter(deck, { before: BEFORE })).toContain(
      '33,France,,0.02,0,60,60,nearest,2019-01-01,2020-02-01',
    );
  });

  test('replaces announced changes, and counts them', async () => {
    const before = tariff(
      'prefix,rate,effective_from,effective_to\n44,0.01,,2020-07-01\n44,0.02,2020-07-01,\n',
    );
    const deck = 'Code,Rate,Effective Date\n44,0.015,2020-02-01\n';
    expect(await importText(deck, { before })).toMatchObject({
      summary: { superseded_rows: 1, rows_written: 2 },
    });
  });

  test('that comes twice changes nothing', async () => {
    const deck = 'Code,Rate,Effective Date\n44,0.02,2020-02-01\n44,0.03,2020-03-01\n33,0.02,2020-02-01\n';
    const first = await csvAfter(deck, { before: BEFORE });
    const again = { before: tariff(first) };
    expect(await csvAfter(deck, again)).toBe(first);
    expect(await importText(deck, again)).toMatchObject({
      summary: { unchanged_codes: 2, changed_codes: 0, superseded_rows: 0 },
    });
  });

  test('whose rows start on different days does not say when missing codes end', async () => {
    const deck = 'Code,Rate,Effective Date\n44,0.01,2020-02-01\n49,0.03,2020-03-01\n';
    expect(await problemsOf(deck, { before: BEFORE })).toEqual(['END_AMBIGUOUS@0:0']);
    expect(await csvAfter(deck, { before: BEFORE, asOf: '2020-02-15' })).toContain('2019-01-01,2020-02-15');
  });

  test('without dates holds for all times, and says so', async () => {
    const result = await importText('Code,Rate\n44,0.02\n', { before: BEFORE });
    expect(result).toMatchObject({ warnings: [{ code: 'TOLL_DECK_UNDATED' }], summary: { rows_written: 1 } });
  });

  test('keeps rows that had ended before it', async () => {
    const before = tariff('prefix,rate,effective_to\n33,0.02,2019-06-01\n44,0.01,2019-06-01\n');
    const file = await csvAfter('Code,Rate,Effective Date\n44,0.03,2020-02-01\n', { before });
    expect(file.split('\n').slice(1, -1)).toEqual([
      '33,,0.02,,2019-06-01',
      '44,,0.01,,2019-06-01',
      '44,GB,0.03,2020-02-01,',
    ]);
  });
});

test("the tariff's rows cannot be read: the import stops before it writes over them", () => {
  expect(() => tariff('prefix,rate\n44,0.01,1\n')).toThrow(/tariffs\/test.csv:2/);
  expect(() => tariff('prefix,rate,effective_from\n44,0.01,soon\n')).toThrow(/"soon" is no date/);
  expect(() => tariff('prefix,rate\n44,"0.01\n')).toThrow(/quote/);
});

test('the row of a tariff ends at an instant with a zone', async () => {
  const before = tariff('prefix,rate,effective_to\n44,0.01,2020-01-31T19:00:00-05:00\n');
  expect(before.rows[0]!.to).toBe(Date.UTC(2020, 1, 1));
});
