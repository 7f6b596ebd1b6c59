/** Rates that depend on who calls, and on the jurisdiction of the call. */
import { describe, expect, test } from 'vitest';
import { csvAfter, importText, problemsOf, tariff } from './testing/decks.ts';

const linesOf = (csv: string): string[] => csv.trim().split('\n');

describe('rates by jurisdiction', () => {
  test.each([
    'NPANXX,Interstate,Intrastate,Indeterminate',
    'NPA-NXX,Inter Rate,Intra Rate,Indet Rate',
    'Code,rate_interstate,rate_intrastate,rate_indeterminate',
  ])('under %s', async (header) => {
    expect(await csvAfter(`${header}\n1212555,0.0012,0.0034,0.0034\n`)).toBe(
      'prefix,country,rate,rate_interstate,rate_intrastate,rate_indeterminate\n1212555,US,,0.0012,0.0034,0.0034\n',
    );
  });

  test('beside a rate for all other calls, which need not be repeated', async () => {
    const deck = 'Code,Rate,Interstate,Intrastate\n1212,0.003,0.001,0.003\n1416,0.004,,\n';
    expect(linesOf(await csvAfter(deck)).slice(1)).toEqual(['1212,US,0.003,0.001', '1416,CA,0.004,']);
  });

  test('of cents are exact', async () => {
    const deck = 'Code,Interstate (cents),Intrastate (cents),Indeterminate (cents)\n1212,0.12,0.34,0.5\n';
    expect(await csvAfter(deck)).toContain('1212,US,,0.0012,0.0034,0.005\n');
  });

  test('one is missing, and there is none for the others', async () => {
    const deck = 'Code,Interstate,Intrastate,Indeterminate\n1212,0.001,,0.003\n1213,,,\n1214,0.1,x,0.1\n';
    expect(await problemsOf(deck)).toEqual([
      'JURISDICTION_INVALID@2:3',
      'RATE_INVALID@3:0',
      'RATE_INVALID@4:3',
    ]);
  });

  test('the rate of the first interval does not say which it goes before', async () => {
    const deck = 'Code,Rate,Interstate,Initial Rate\n1212,0.003,0.001,0.005\n';
    expect(await problemsOf(deck)).toEqual(['JURISDICTION_INVALID@2:4']);
  });

  test('a change of one is counted with what it is', async () => {
    const before = tariff(
      'prefix,rate_interstate,rate_intrastate,rate_indeterminate\n1212,0.001,0.002,0.002\n',
    );
    const deck = 'Code,Interstate,Intrastate,Indeterminate\n1212,0.001,0.003,0.001\n';
    expect(await importText(deck, { before, asOf: '2020-02-01' })).toMatchObject({
      summary: {
        changed_codes: 1,
        increased: 1,
        decreased: 0,
        largest_increase: { prefix: '1212 intrastate', before: '0.002', after: '0.003', percent: '+50' },
        largest_decrease: { prefix: '1212 indeterminate', percent: '-50' },
      },
    });
    expect(
      await importText(deck.replace('0.003,0.001', '0.002,0.002'), { before, asOf: '2020-02-01' }),
    ).toMatchObject({ summary: { unchanged_codes: 1, changed_codes: 0 } });
  });

  test('a deck with one rate takes the place of those by jurisdiction', async () => {
    const before = tariff('prefix,rate,rate_interstate\n1212,0.002,0.001\n');
    expect(linesOf(await csvAfter('Code,Rate\n1212,0.003\n', { before, asOf: '2020-02-01' }))).toEqual([
      'prefix,country,rate,rate_interstate,effective_from,effective_to',
      '1212,,0.002,0.001,,2020-02-01',
      '1212,US,0.003,,2020-02-01,',
    ]);
  });
});

describe('North American area codes', () => {
  test('get the country code that they lack', async () => {
    const deck = 'NPA-NXX,Rate\n212-555,0.001\n416,0.002\n876,0.003\n';
    expect(linesOf(await csvAfter(deck)).slice(1)).toEqual([
      '1212555,US,0.001',
      '1416,CA,0.002',
      '1876,JM,0.003',
    ]);
  });

  test('a dash is part of a code with its exchange, and a range among area codes alone', async () => {
    expect(linesOf(await csvAfter('NPA-NXX,Rate\n201-203,0.1\n')).slice(1)).toEqual(['1201203,US,0.1']);
    expect(linesOf(await csvAfter('NPA,Rate\n201-203,0.1\n')).slice(1)).toEqual([
      '1201,US,0.1',
      '1202,US,0.1',
      '1203,US,0.1',
    ]);
  });

  test('with and without it in one deck are in doubt', async () => {
    expect(await problemsOf('NPA-NXX,Rate\n212555,0.001\n1416,0.002\n')).toEqual([
      'COUNTRY_CODE_AMBIGUOUS@3:1',
    ]);
  });

  test('a column of codes of the world gets nothing put before', async () => {
    expect(linesOf(await csvAfter('Code,Rate\n212,0.1\n'))[1]).toBe('212,MA,0.1');
  });
});

describe('origins', () => {
  test.each([
    ['+4479', '4479'],
    ['0044', '44'],
    ['GB', 'GB'],
    ['Unknown', 'unknown'],
    ['without CLI', 'unknown'],
  ])('%s is %s', async (cell, origin) => {
    expect(linesOf(await csvAfter(`Code,Rate,Origin\n33,0.01,${cell}\n`))[1]).toBe(`33,FR,0.01,${origin}`);
  });

  test.each(['', 'All', 'rest of world', '*'])('%j is everybody', async (cell) => {
    expect(await csvAfter(`Code,Rate,Origin\n33,0.01,${cell}\n`)).toBe('prefix,country,rate\n33,FR,0.01\n');
  });

  test('a list in a cell is a row for each', async () => {
    const deck = 'Code,Rate,Origination Code\n33,0.01,"44; +49, 44"\n';
    expect(linesOf(await csvAfter(deck)).slice(1)).toEqual(['33,FR,0.01,44', '33,FR,0.01,49']);
  });

  test('a word is not known until the mapping file says what it means', async () => {
    const deck = 'Code,Rate,Origin\n33,0.01,EEA countries\n33,0.05,RoW\n';
    expect(await problemsOf(deck)).toEqual(['ORIGIN_INVALID@2:3']);
    const originWords = new Map([['eea countries', 'EEA']]);
    expect(linesOf(await csvAfter(deck, { mapping: { originWords } })).slice(1)).toEqual([
      '33,FR,0.05,',
      '33,FR,0.01,EEA',
    ]);
  });

  test('kinds of callers', async () => {
    const deck = 'Code,Rate,Caller Type\n1800,0.05,Landline\n1800,0.2,Mobile\n1800,0.1,Any\n';
    expect(linesOf(await csvAfter(deck))).toEqual([
      'prefix,rate,origin_class',
      '1800,0.1,',
      '1800,0.05,geographic',
      '1800,0.2,mobile',
    ]);
    expect(await problemsOf('Code,Rate,Caller Type\n1800,0.05,martian\n')).toEqual(['ORIGIN_INVALID@2:3']);
  });
});

describe('prefix and callers together are what a rate is for', () => {
  test('one prefix for other callers is neither duplicate nor conflict', async () => {
    const deck = 'Code,Rate,Origin,Origin Class\n33,0.01,44,\n33,0.02,49,\n33,0.03,44,mobile\n33,0.04,,\n';
    expect(await importText(deck)).toMatchObject({
      ok: true,
      warnings: [],
      summary: { rows_written: 4, prefixes: 4 },
    });
  });

  test('the same callers twice: a warning if it says the same, a problem if not', async () => {
    const same = await importText('Code,Rate,Origin\n33,0.01,44\n33,0.010,+44\n');
    expect(same).toMatchObject({
      ok: true,
      warnings: [{ code: 'TOLL_DECK_DUPLICATE', line: 3, message: expect.stringContaining('33 from 44') }],
    });
    const other = await importText('Code,Rate,Origin\n33,0.01,44\n33,0.02,"49;44"\n');
    expect(other).toMatchObject({
      problems: [{ code: 'TOLL_DECK_CONFLICT', line: 3, message: expect.stringContaining('33 from 44') }],
    });
    expect(await problemsOf('Code,Rate,Interstate\n1212,0.01,0.01\n1212,0.01,0.02\n')).toEqual([
      'CONFLICT@3:1',
    ]);
  });

  const BEFORE = tariff(
    'prefix,rate,origin,origin_class,effective_from\n' +
      '33,0.05,,,2019-01-01\n33,0.01,44,,2019-01-01\n33,0.02,,mobile,2019-01-01\n34,0.03,44,,2019-01-01\n',
  );
  const rowsAfter = async (deck: string, options: Parameters<typeof csvAfter>[1]): Promise<string[]> =>
    linesOf(await csvAfter(deck, { before: BEFORE, ...options })).slice(1);

  test('a delta changes the rate of its callers alone', async () => {
    const asOf = '2020-02-01';
    expect(await rowsAfter('Code,Rate\n33,0.06\n', { mode: 'delta', asOf })).toEqual([
      '33,,0.05,2019-01-01,2020-02-01,,',
      '33,FR,0.06,2020-02-01,,,',
      '33,,0.02,2019-01-01,,,mobile',
      '33,,0.01,2019-01-01,,44,',
      '34,,0.03,2019-01-01,,44,',
    ]);
    expect(
      await rowsAfter('Code,Rate,Origin,Status\n33,,44,Discontinued\n', { mode: 'delta', asOf }),
    ).toEqual([
      '33,0.05,2019-01-01,,,',
      '33,0.02,2019-01-01,,,mobile',
      '33,0.01,2019-01-01,2020-02-01,44,',
      '34,0.03,2019-01-01,,44,',
    ]);
  });

  test('a full deck that names callers ends the rows that it does not have', async () => {
    const deck = 'Code,Rate,Origin,Effective Date\n33,0.05,,2020-02-01\n33,0.01,44,2020-02-01\n';
    const ended = ['33,,0.02,2019-01-01,2020-02-01,,mobile', '34,,0.03,2019-01-01,2020-02-01,44,'];
    expect(await importText(deck, { before: BEFORE })).toMatchObject({
      summary: { unchanged_codes: 2, ended_codes: 2 },
    });
    expect(await rowsAfter(deck, {})).toEqual(expect.arrayContaining(ended));
    // What the deck says of callers itself goes before what the mapping file says of decks that do not.
    expect(await rowsAfter(deck, { mapping: { otherOrigins: 'keep' } })).toEqual(
      expect.arrayContaining(ended),
    );
  });

  test('a full deck with kinds of callers alone says of callers, too', async () => {
    const deck = 'Code,Rate,Origin Class,Effective Date\n33,0.05,,2020-02-01\n33,0.02,mobile,2020-02-01\n';
    const ended = ['33,,0.01,2019-01-01,2020-02-01,44,', '34,,0.03,2019-01-01,2020-02-01,44,'];
    expect(await rowsAfter(deck, { mapping: { otherOrigins: 'keep' } })).toEqual(
      expect.arrayContaining(ended),
    );
  });

  describe('a full deck without a word on callers', () => {
    const deck = 'Code,Rate,Effective Date\n33,0.06,2020-02-01\n';

    test('is refused while the tariff has rows for some', async () => {
      expect(await problemsOf(deck, { before: BEFORE })).toEqual(['ORIGINS_OPEN@0:0']);
    });

    test('keeps or ends them as it is told', async () => {
      expect(await rowsAfter(deck, { mapping: { otherOrigins: 'keep' } })).toEqual([
        '33,,0.05,2019-01-01,2020-02-01,,',
        '33,FR,0.06,2020-02-01,,,',
        '33,,0.02,2019-01-01,,,mobile',
        '33,,0.01,2019-01-01,,44,',
        '34,,0.03,2019-01-01,,44,',
      ]);
      expect(await importText(deck, { before: BEFORE, mapping: { otherOrigins: 'end' } })).toMatchObject({
        summary: { ended_codes: 3, changed_codes: 1 },
      });
    });

    test('does not ask when rows end that it keeps', async () => {
      const dated = `${deck}39,0.01,2020-03-01\n`;
      const keep = { before: BEFORE, mapping: { otherOrigins: 'keep' } } as const;
      expect(await problemsOf(dated, keep)).toEqual([]);
      const end = await importText(dated, { ...keep, mapping: { otherOrigins: 'end' } });
      expect(end).toMatchObject({
        problems: [
          {
            code: 'TOLL_DECK_END_AMBIGUOUS',
            message: expect.stringContaining('(33 from 44, 33 from mobile, 34 from 44…)'),
          },
        ],
      });
    });
  });
});
