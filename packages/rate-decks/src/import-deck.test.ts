/** What carriers do in their decks, each trap by its name. */
import { writeXlsx } from 'hucre';
import { describe, expect, test } from 'vitest';
import { csvAfter, fileOf, importBytes, importText, placesOf, problemsOf, tariff } from './testing/decks.ts';

/** Prefix and rate of each row. */
async function ratesOf(text: string, options: Parameters<typeof csvAfter>[1] = {}): Promise<string[]> {
  const [header = '', ...lines] = (await csvAfter(text, options)).trim().split('\n');
  const at = (name: string) => header.split(',').indexOf(name);
  return lines.map((line) => {
    const cells = line.split(',');
    return `${cells[at('prefix')]} ${cells[at('rate')]}`;
  });
}

describe('where the table is', () => {
  test('notice lines stand above the header, and a footer below the rows', async () => {
    const deck =
      'ACME Carrier Ltd,,\nRate notification of 1 January,,\n,,\nDestination,Code,Rate\nUK,44,0.01\n\nEnd of deck,,\n';
    expect(await csvAfter(deck)).toBe('prefix,description,country,rate\n44,UK,GB,0.01\n');
    expect(await importText(deck)).toMatchObject({ summary: { rows_read: 1, notice_lines: 5 } });
  });

  test('the header is repeated on every page', async () => {
    expect(await ratesOf('Code,Rate\n44,0.01\nCode,Rate\n33,0.02\n')).toEqual(['33 0.02', '44 0.01']);
  });

  test.each([';', '\t', '|', ','])('the delimiter is %j', async (delimiter) => {
    const rows = [
      ['Dial Code', 'Destination', 'Price'],
      ['44', `"UK${delimiter}all"`, '0.01'],
      ['33', '"a ""b"""', '0.02'],
    ];
    const result = await importText(rows.map((row) => row.join(delimiter)).join('\r\n'));
    if (!result.ok) throw new Error('refused');
    expect(result.after.rows.map(({ prefix, cells }) => [prefix, ...cells.slice(1, 4)])).toEqual([
      ['33', 'a "b"', 'FR', '0.02'],
      ['44', `UK${delimiter}all`.trim(), 'GB', '0.01'],
    ]);
  });

  test('the file is what Excel calls Unicode text', async () => {
    const bytes = Buffer.from('\uFEFFCode\tRate\tDestination\n44\t0.01\tKönigreich\n', 'utf16le');
    expect(fileOf(await importBytes('deck.txt', bytes))).toContain('44,Königreich,GB,0.01');
  });

  test('the file begins with a byte order mark', async () => {
    expect(await ratesOf('\uFEFFCode,Rate\n44,0.01\n')).toEqual(['44 0.01']);
  });

  test('the file is not in UTF-8: the line is named, and the mapping file can name the encoding', async () => {
    const bytes = Buffer.from('Code,Rate,Destination\n44,0.01,K\xf6nigreich\n', 'latin1');
    expect(placesOf(await importBytes('deck.csv', bytes))).toEqual(['ENCODING_INVALID@2:0']);
    const read = await importBytes('deck.csv', bytes, { mapping: { encoding: 'windows-1252' } });
    expect(fileOf(read)).toContain('Königreich');
  });

  test('a quote is never closed', async () => {
    expect(await problemsOf('Code,Rate,Name\n44,0.01,"UK\n33,0.02,France\n')).toEqual(['CSV_INVALID@2:0']);
  });

  test('the file is empty, or has a header only', async () => {
    await expect(importText('')).rejects.toMatchObject({ code: 'TOLL_DECK_EMPTY' });
    await expect(importText('Code,Rate\n')).rejects.toMatchObject({ code: 'TOLL_DECK_EMPTY' });
  });
});

describe('which column is which', () => {
  test.each([
    'Dial Code,Price/min (USD)',
    'PREFIX,Rate per Minute',
    'Dialing codes,New Rate,Old Rate,Change %',
    'code,USD/min',
    'NPA-NXX,rate_usd',
    'DialCode,UnitPrice',
  ])('%s', async (header) => {
    const filling = ','.repeat(header.split(',').length - 2);
    expect(await ratesOf(`${header}\n1201,0.01${filling}\n`)).toEqual(['1201 0.01']);
  });

  test('a name in another language is not known: the guess and its confidence are offered', async () => {
    const deck = 'Zielrufnummer;Tarif;Gültig ab\n44;0,01;25.02.2020\n33;0,02;25.02.2020\n';
    const result = await importText(deck);
    expect(placesOf(result)).toEqual(['COLUMN_UNKNOWN@1:1', 'COLUMN_UNKNOWN@1:2', 'COLUMN_UNKNOWN@1:3']);
    if (result.ok) throw new Error('not refused');
    const [code, rate, from] = result.problems;
    expect(code).toMatchObject({
      text: 'Zielrufnummer',
      remedy: expect.stringContaining('code: "Zielrufnummer"'),
    });
    expect(rate!.message).toContain('probably the rate (confidence 100 %)');
    expect(from!.message).toContain('effective_from');
    const columns = { code: 'zielrufnummer', rate: 'Tarif', effective_from: 'Gültig ab' };
    expect(await csvAfter(deck, { mapping: { columns } })).toBe(
      'prefix,country,rate,effective_from\n33,FR,0.02,2020-02-25\n44,GB,0.01,2020-02-25\n',
    );
  });

  test('a column of dates under a strange name is not passed over in silence', async () => {
    const deck = 'Code,Rate,Ab\n44,0.01,2020-02-01\n';
    expect(await problemsOf(deck)).toEqual(['COLUMN_UNKNOWN@1:3']);
    expect(await ratesOf(deck, { mapping: { ignore: ['Ab'] } })).toEqual(['44 0.01']);
  });

  test('a further column of amounts or of days is not passed over', async () => {
    const weekend = await importText('Code,Rate,Weekend\n44,0.01,0.005\n');
    expect(weekend).toMatchObject({
      problems: [{ message: expect.stringContaining('another rate'), column: 3 }],
    });
    const end = await importText('Code,Rate,Effective Date,Bis\n44,0.01,2020-02-01,2020-03-01\n');
    expect(end).toMatchObject({
      problems: [{ remedy: expect.stringContaining('effective_to: "Bis"'), column: 4 }],
    });
    expect(await problemsOf('Code,Rate,Min Charge\n44,0.01,1\n')).toEqual(['COLUMN_UNKNOWN@1:3']);
    expect(await ratesOf('Code,Rate,Old Rate,OCN\n44,0.01,0.005,7001\n')).toEqual(['44 0.01']);
  });

  test('two columns are rates: neither is picked', async () => {
    const result = await importText('Code,Rate,New Rate\n44,0.01,0.02\n');
    expect(placesOf(result)).toEqual(['COLUMN_AMBIGUOUS@1:3']);
    expect(result).toMatchObject({ problems: [{ remedy: expect.stringContaining('rate: "New Rate"') }] });
  });

  test('there is no header: the guess has positions', async () => {
    const deck = '44,UK,0.01\n33,France,0.02\n';
    const result = await importText(deck);
    expect(result).toMatchObject({
      problems: [{ code: 'TOLL_DECK_HEADER_MISSING', remedy: expect.stringContaining('code: 1, rate: 3') }],
    });
    expect(await ratesOf(deck, { mapping: { headerRow: 0, columns: { code: 1, rate: 3 } } })).toEqual([
      '33 0.02',
      '44 0.01',
    ]);
  });

  test('a mapping file names a column that the deck does not have', async () => {
    expect(await problemsOf('Code,Rate\n44,0.01\n', { mapping: { columns: { rate: 'Price' } } })).toEqual([
      'HEADER_MISSING@0:0',
    ]);
    expect(await problemsOf('Code,Rate\n44,0.01\n', { mapping: { columns: { rate: 99 } } })).toContain(
      'COLUMN_UNKNOWN@1:0',
    );
    expect(
      await problemsOf('Code,Rate\n44,0.01\n', { mapping: { headerRow: 1, columns: { rate: 'Price' } } }),
    ).toEqual(['COLUMN_UNKNOWN@1:0']);
  });

  test('"country code" holds letters in one deck and digits in the next', async () => {
    expect(await ratesOf('Country Code,Prefix,Rate\nGB,4420,0.01\n')).toEqual(['4420 0.01']);
    expect(await ratesOf('Country Code,Area Code,Rate\n44,20,0.01\n')).toEqual(['4420 0.01']);
  });
});

describe('codes', () => {
  test('country and area code stand in separate columns, and a whole country has no area code', async () => {
    expect(await ratesOf('Country Code,City Code,Rate\n44,,0.01\n44,20;21,0.02\n+1,876,0.03\n')).toEqual([
      '1876 0.03',
      '44 0.01',
      '4420 0.02',
      '4421 0.02',
    ]);
  });

  test('a row without the country code that others have may go on from the row above, or be whole', async () => {
    const header = 'Country Code,City Code,Rate\n';
    expect(await problemsOf(`${header}44,20,0.01\n,7400,0.02\n`)).toEqual(['COUNTRY_CODE_AMBIGUOUS@3:2']);
    const whole = `${header}44,20,0.01\n,+447400,0.02\n,0033,0.03\n,01149,0.04\n`;
    expect(await ratesOf(whole)).toEqual(['33 0.03', '4420 0.01', '447400 0.02', '49 0.04']);
    expect(await ratesOf(`${header},4420,0.01\n,447400,0.02\n`)).toEqual(['4420 0.01', '447400 0.02']);
    const included = { mapping: { codeIncludesCountry: true } };
    expect(await ratesOf(`${header}44,4420,0.01\n,447400,0.02\n`, included)).toEqual([
      '4420 0.01',
      '447400 0.02',
    ]);
  });

  test('every code begins with its country code: nobody knows whether it is repeated', async () => {
    const deck = 'Country Code,Code,Rate\n44,4420,0.01\n1,1876,0.02\n';
    expect(await problemsOf(deck)).toEqual(['COUNTRY_CODE_AMBIGUOUS@2:2']);
    expect(await ratesOf(deck, { mapping: { codeIncludesCountry: true } })).toEqual([
      '1876 0.02',
      '4420 0.01',
    ]);
    expect(await ratesOf(deck, { mapping: { codeIncludesCountry: false } })).toEqual([
      '11876 0.02',
      '444420 0.01',
    ]);
  });

  test('lists and ranges stand in one cell', async () => {
    expect(await ratesOf('Code,Rate\n44 7400-7402;7415,0.01\n')).toHaveLength(4);
  });

  test('+, 00 and 011 stand in front', async () => {
    expect(await ratesOf('Code,Rate\n+44,0.01\n0033,0.02\n01149,0.03\n')).toEqual([
      '33 0.02',
      '44 0.01',
      '49 0.03',
    ]);
  });

  test('the mapping file gives a country code to a national deck', async () => {
    expect(await ratesOf('NPA,Rate\n201,0.01\n', { mapping: { countryCode: '1' } })).toEqual(['1201 0.01']);
  });

  test('each bad code is reported at its cell, all at once', async () => {
    expect(await problemsOf('Name,Code,Rate\na,x4,0.01\nb,4.4E+11,0.01\nc,020,0.01\nd,,0.01\n')).toEqual([
      'CODE_INVALID@2:2',
      'CODE_MANGLED@3:2',
      'CODE_INVALID@4:2',
      'CODE_INVALID@5:2',
    ]);
  });
});

describe('rates', () => {
  test('decimal commas', async () => {
    expect(await ratesOf('Code;Rate\n44;0,0125\n33;1.234,5\n49;1\n')).toEqual([
      '33 1234.5',
      '44 0.0125',
      '49 1',
    ]);
  });

  test('a comma that may group thousands is an error, until the deck or its mapping decides', async () => {
    expect(await problemsOf('Code;Rate\n44;1,234\n')).toEqual(['DECIMAL_AMBIGUOUS@2:2']);
    expect(await ratesOf('Code;Rate\n44;1,234\n33;0,5\n')).toEqual(['33 0.5', '44 1.234']);
    expect(await ratesOf('Code;Rate\n44;1,234\n33;0.5\n')).toEqual(['33 0.5', '44 1234']);
    expect(await ratesOf('Code;Rate\n44;1,234\n', { mapping: { decimal: 'comma' } })).toEqual(['44 1.234']);
  });

  test('points and commas are both decimal marks', async () => {
    expect(await problemsOf('Code;Rate\n44;0.01\n33;0,02\n')).toEqual(['DECIMAL_AMBIGUOUS@3:2']);
  });

  test('cents by the header, or by the mapping file', async () => {
    expect(await ratesOf('Code,Rate (US cents)\n44,1.25\n')).toEqual(['44 0.0125']);
    expect(await ratesOf('Code,Rate\n44,1.25\n', { mapping: { rateUnit: 'cents' } })).toEqual(['44 0.0125']);
  });

  test('a fee beside rates in cents may be in cents too', async () => {
    const deck = 'Code,Rate (cents),Setup Fee\n44,1.25,1\n';
    expect(await problemsOf(deck)).toEqual(['COLUMN_AMBIGUOUS@1:3']);
    expect(await csvAfter(deck, { mapping: { feeUnit: 'cents' } })).toContain('44,GB,0.0125,0.01');
    expect(await csvAfter(deck, { mapping: { feeUnit: 'major' } })).toContain('44,GB,0.0125,1');
    expect(await csvAfter(deck.replace('Fee', 'Fee (USD)'))).toContain('44,GB,0.0125,1');
    expect(await csvAfter(deck.replace('Fee', 'Fee (cents)'))).toContain('44,GB,0.0125,0.01');
  });

  test('currency signs and codes beside the amount', async () => {
    expect(await ratesOf('Code;Rate\n44;$ 0.01\n33;0.02 USD\n')).toEqual(['33 0.02', '44 0.01']);
  });

  test('negative rates, rates of 40 digits, no rates', async () => {
    const digits = '1'.repeat(40);
    expect(await problemsOf(`Code,Rate\n44,-0.01\n33,0.${digits}\n49,${digits}\n1,\n7,free\n`)).toEqual([
      'RATE_INVALID@2:2',
      'RATE_INVALID@3:2',
      'RATE_INVALID@4:2',
      'RATE_INVALID@5:2',
      'RATE_INVALID@6:2',
    ]);
  });

  test('more digits than are kept are rounded only as the mapping file says', async () => {
    expect(await problemsOf('Code,Rate\n44,0.0123456789\n')).toEqual(['RATE_INVALID@2:2']);
    expect(await ratesOf('Code,Rate\n44,0.0123456789\n', { mapping: { rateRounding: 'up' } })).toEqual([
      '44 0.01234568',
    ]);
  });

  test('a connection fee and a rate of its own for the first interval', async () => {
    expect(await csvAfter('Code,Rate,Initial Rate,Setup Fee\n44,0.01,0.02,0.005\n')).toBe(
      'prefix,country,rate,initial_rate,connect_fee\n44,GB,0.01,0.02,0.005\n',
    );
  });
});

describe('currency', () => {
  test.each([
    ['a notice', 'Currency: EUR,\nCode,Rate\n44,0.01\n', 'CURRENCY_MISMATCH@1:1'],
    ['the header', 'Code,Rate (EUR)\n44,0.01\n', 'CURRENCY_MISMATCH@1:2'],
    ['its column', 'Code,Rate,Currency\n44,0.01,EUR\n', 'CURRENCY_MISMATCH@2:3'],
    ['an amount', 'Code,Rate\n44,€0.01\n', 'CURRENCY_MISMATCH@2:2'],
  ])('%s says another than the tariff has', async (_where, deck, place) => {
    expect(await problemsOf(deck)).toEqual([place]);
    expect(await problemsOf(deck, { currency: 'EUR' })).toEqual([]);
  });

  test('of a new tariff is that of the deck, and something must say it', async () => {
    const deck = 'All rates in EUR per minute,\nCode,Rate\n44,0.01\n';
    expect(await importText(deck, { currency: null })).toMatchObject({ summary: { currency: 'EUR' } });
    expect(await problemsOf('Code,Rate\n44,0.01\n', { currency: null })).toEqual(['CURRENCY_MISSING@0:0']);
  });
});

describe('dates', () => {
  test('the day stands first where a date proves it', async () => {
    expect(await csvAfter('Code,Rate,Effective Date\n44,0.01,01/02/2020\n33,0.02,25/02/2020\n')).toBe(
      'prefix,country,rate,effective_from\n33,FR,0.02,2020-02-25\n44,GB,0.01,2020-02-01\n',
    );
  });

  test('the month stands first where a date proves it', async () => {
    expect(await csvAfter('Code,Rate,Effective Date\n44,0.01,01/02/2020\n33,0.02,02/25/2020\n')).toContain(
      '44,GB,0.01,2020-01-02',
    );
  });

  test('which of the two is an error where nothing proves or declares it', async () => {
    const deck = 'Code,Rate,Effective Date\n44,0.01,03/03/2020\n33,0.02,01/02/2020\n';
    expect(await problemsOf(deck)).toEqual(['DATE_AMBIGUOUS@3:3']);
    expect(await csvAfter(deck, { mapping: { dates: 'month_first' } })).toContain('33,FR,0.02,2020-01-02');
  });

  test('dates that prove both are an error', async () => {
    expect(await problemsOf('Code,Rate,Date\n44,0.01,25/02/2020\n33,0.02,02/25/2020\n')).toContain(
      'DATE_AMBIGUOUS@2:3',
    );
  });

  test.each(['ASAP', 'immediately', 'Immediate', ''])('%j needs --as-of', async (when) => {
    const deck = `Code,Rate,Effective Date\n44,0.01,${when}\n33,0.02,2020-03-01\n`;
    expect(await problemsOf(deck)).toEqual(['DATE_MISSING@2:3']);
    expect(await csvAfter(deck, { asOf: '2020-02-10' })).toContain('44,GB,0.01,2020-02-10');
  });

  test('a day that does not exist, and an end before the start', async () => {
    expect(
      await problemsOf('Code,Rate,Valid From,Valid To\n44,0.01,2020-02-30,\n33,0.02,2020-03-01,2020-03-01\n'),
    ).toEqual(['DATE_INVALID@2:3', 'DATE_INVERTED@3:4']);
  });
});

describe('increments', () => {
  test.each([
    ['Interval', '60/60', '60,60'],
    ['Billing Increment', '30-6', '30,6'],
    ['Increments', '60+60', '60,60'],
    ['Rate Increment', '1', '1,1'],
  ])('%s %s', async (header, cell, expected) => {
    expect(await csvAfter(`Code,Rate,${header}\n44,0.01,${cell}\n`)).toContain(`44,GB,0.01,${expected}`);
  });

  test.each([
    'Min Duration,Billing Increment',
    'Min,Inc',
    'First Interval,Next Interval',
    'Initial Increment,Additional Increment',
  ])('in two columns: %s', async (header) => {
    expect(await csvAfter(`Code,Rate,${header}\n44,0.01,30,6\n`)).toContain('44,GB,0.01,30,6');
  });

  test('of 0 are refused', async () => {
    expect(await problemsOf('Code,Rate,Interval\n44,0.01,0/60\n33,0.01,60/0\n')).toEqual([
      'INCREMENT_INVALID@2:3',
      'INCREMENT_INVALID@3:3',
    ]);
    expect(await problemsOf('Code,Rate,Initial,Step\n44,0.01,0,6\n')).toEqual(['INCREMENT_INVALID@2:3']);
  });
});

describe('blocked and discontinued codes', () => {
  test('by a status column', async () => {
    const deck = 'Code,Rate,Status\n44,0.01,Increase\n33,,Blocked\n49,0.03,Discontinued\n';
    const file = await csvAfter(deck, { before: tariff('prefix,rate\n49,0.02\n'), asOf: '2020-02-01' });
    expect(file.split('\n').slice(1, -1)).toEqual([
      '33,FR,0,2020-02-01,,true',
      '44,GB,0.01,2020-02-01,,',
      '49,,0.02,,2020-02-01,',
    ]);
  });

  test('by a word in place of the rate', async () => {
    expect(await csvAfter('Code,Rate\n44,BLOCKED\n33,0.01\n')).toContain('44,GB,0,true');
  });

  test('a word that is not known is an error until the mapping file says what it means', async () => {
    const deck = 'Code,Rate,Status\n44,0.01,Gesperrt\n';
    expect(await problemsOf(deck)).toEqual(['STATUS_UNKNOWN@2:3']);
    const statusWords = new Map([['gesperrt', 'blocked'] as const]);
    expect(await csvAfter(deck, { mapping: { statusWords } })).toContain('true');
  });

  test('a code that is blocked stays so under a deck that has no word on it', async () => {
    const before = tariff('prefix,rate,blocked\n44,0.02,true\n');
    const result = await importText('Code,Rate\n44,0.01\n', { before, asOf: '2020-02-01' });
    expect(fileOf(result)).toContain('44,GB,0.01,2020-02-01,,true');
    expect(result).toMatchObject({ summary: { stay_blocked: 1 } });
  });

  test('discontinuing what the tariff does not have is warned of', async () => {
    const result = await importText('Code,Rate,Status\n44,,deleted\n33,0.01,new\n');
    expect(result).toMatchObject({ warnings: [{ code: 'TOLL_DECK_DISCONTINUED_UNKNOWN', line: 2 }] });
  });
});

describe('duplicates and conflicts', () => {
  test('the same line twice is warned of', async () => {
    const result = await importText('Code,Rate\n44,0.01\n44,0.010\n');
    expect(fileOf(result)).toBe('prefix,country,rate\n44,GB,0.01\n');
    expect(result).toMatchObject({ warnings: [{ code: 'TOLL_DECK_DUPLICATE', line: 3, text: '44' }] });
  });

  test('two rates of one prefix are refused, also when a range holds one of them', async () => {
    expect(await problemsOf('Code,Rate\n44,0.01\n44,0.02\n')).toEqual(['CONFLICT@3:1']);
    expect(await problemsOf('Code,Rate\n447400-447409,0.01\n447405,0.02\n')).toEqual(['CONFLICT@3:1']);
  });

  test('two rates from different days follow each other', async () => {
    const deck = 'Code,Rate,Effective Date\n44,0.02,2020-03-01\n44,0.01,2020-02-01\n';
    expect(await csvAfter(deck)).toBe(
      'prefix,country,rate,effective_from,effective_to\n44,GB,0.01,2020-02-01,2020-03-01\n44,GB,0.02,2020-03-01,\n',
    );
  });

  test('a row that holds on after the next one starts is refused', async () => {
    const deck = 'Code,Rate,Valid From,Valid To\n44,0.01,2020-02-01,2020-04-01\n44,0.02,2020-03-01,\n';
    expect(await problemsOf(deck)).toEqual(['CONFLICT@3:1']);
  });
});

describe('workbooks', () => {
  async function workbook(rows: (string | number | Date | null)[][], name = 'Rates'): Promise<Uint8Array> {
    return writeXlsx({
      sheets: [
        { name: 'Cover', rows: [['Dear customer']] },
        { name, rows },
      ],
    });
  }
  const RATES = [
    ['ACME rates', null, null, null],
    ['Destination', 'Code', 'Rate', 'Effective Date'],
    ['UK', 44, 0.0125, new Date('2020-02-01T00:00:00Z')],
    ['UK mobile', '44 7400-7401', 0.1 + 0.2, new Date('2020-02-01T00:00:00Z')],
  ];

  test('hold numbers and dates of their own', async () => {
    const result = await importBytes('deck.xlsx', await workbook(RATES), { mapping: { sheet: 'Rates' } });
    expect(fileOf(result)).toBe(
      'prefix,description,country,rate,effective_from\n' +
        '44,UK,GB,0.0125,2020-02-01\n447400,UK mobile,GB,0.3,2020-02-01\n447401,UK mobile,GB,0.3,2020-02-01\n',
    );
  });

  test('have problems at their cells', async () => {
    const bytes = await workbook([
      ['Code', 'Rate'],
      [44, -1],
      [33.5, 0.01],
      [new Date('2020-07-04T00:00:00Z'), 0.01],
    ]);
    const result = await importBytes('deck.xlsx', bytes, { mapping: { sheet: 2 } });
    expect(placesOf(result)).toEqual(['RATE_INVALID@2:2', 'CODE_MANGLED@3:1', 'CODE_MANGLED@4:1']);
  });

  test('that lack the sheet, are cut off, old, or no workbooks are refused', async () => {
    const bytes = await workbook(RATES);
    const refused = async (content: Uint8Array, sheet: string | null = 'Rates') =>
      importBytes('deck.xlsx', content, { mapping: { sheet } }).then(
        () => 'imported',
        (error: unknown) => (error as { code: string }).code,
      );
    expect(await refused(bytes, 'Prices')).toBe('TOLL_DECK_SHEET_UNKNOWN');
    expect(await refused(bytes.slice(0, bytes.length / 2))).toBe('TOLL_DECK_FILE_FORMAT');
    expect(await refused(Uint8Array.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1]))).toBe('TOLL_DECK_FILE_FORMAT');
    expect(await refused(Buffer.from('PK\x03\x04 and no more'))).toBe('TOLL_DECK_FILE_FORMAT');
    const damaged = bytes.slice();
    damaged.fill(0xff, 60, 120);
    expect(await refused(damaged)).toMatch(/^TOLL_DECK_/);
  });
});

describe('lines that say the same below each other', () => {
  test('have the problems of each', async () => {
    expect(await problemsOf('Code,Rate\n44,-1\n45,-1\n46,-1\n')).toEqual([
      'RATE_INVALID@2:2',
      'RATE_INVALID@3:2',
      'RATE_INVALID@4:2',
    ]);
  });

  test('are not taken for right because the one above them is', async () => {
    expect(await problemsOf('Code,Rate\n44,0.1\nx,0.1\n45,0.1\n4y,\n4z,\n46,\n')).toEqual([
      'CODE_INVALID@3:1',
      'CODE_INVALID@5:1',
      'CODE_INVALID@6:1',
      'RATE_INVALID@7:2',
    ]);
  });

  test('are rows of their own countries', async () => {
    expect(await csvAfter('Code,Rate\n44,0.1\n441481,0.1\n45,0.1\n')).toBe(
      'prefix,country,rate\n44,GB,0.1\n441481,GG,0.1\n45,DK,0.1\n',
    );
  });
});
