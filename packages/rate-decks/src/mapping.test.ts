import { describe, expect, test } from 'vitest';
import { NO_MAPPING, readMapping } from './mapping.ts';
import { DeckProblemList, renderDeckProblems } from './problems.ts';

function read(source: string): { mapping: ReturnType<typeof readMapping>; problems: string } {
  const problems = new DeckProblemList();
  const mapping = readMapping('mapping.yaml', source, problems);
  return { mapping, problems: renderDeckProblems(problems.list()) };
}

describe('a mapping file', () => {
  test('may be empty', () => {
    expect(read('').mapping).toEqual(NO_MAPPING);
  });

  test('says what the deck does not', () => {
    const { mapping, problems } = read(`
columns: { code: Zielrufnummer, rate: 3 }
ignore: [Alt]
sheet: Preise
header_row: 7
delimiter: ";"
encoding: windows-1252
decimal: comma
dates: day_first
rate_unit: cents
fee_unit: major
rate_rounding: half_even
currency: EUR
country_code: 49
code_includes_country: false
increments: 60/1
status_words: { Gesperrt: blocked }
`);
    expect(problems).toBe('');
    expect(mapping).toEqual({
      columns: { code: 'Zielrufnummer', rate: 3 },
      ignore: ['Alt'],
      sheet: 'Preise',
      headerRow: 7,
      delimiter: ';',
      encoding: 'windows-1252',
      decimal: 'comma',
      dates: 'day_first',
      rateUnit: 'cents',
      feeUnit: 'major',
      rateRounding: 'half_even',
      currency: 'EUR',
      countryCode: '49',
      codeIncludesCountry: false,
      increments: '60/1',
      originWords: new Map(),
      otherOrigins: null,
      statusWords: new Map([['gesperrt', 'blocked']]),
    });
  });

  test('has all its problems listed at once, with their lines', () => {
    const { mapping, problems } = read(
      'colums: {}\ncolumns: { prize: A, rate: 0 }\ndecimal: dot\nheader_row: -1\nincrements: 0\ncurrency: XXX\nstatus_words: { x: gone }\nignore: Alt\n',
    );
    expect(mapping).toBeNull();
    expect(problems.match(/^mapping.yaml:\d+/gm)).toEqual(
      [1, 2, 2, 3, 4, 5, 6, 7, 8].map((line) => `mapping.yaml:${line}`),
    );
  });

  test('of one kind of increments that cannot be charged is refused', () => {
    expect(read('increments: 0/60\n').mapping).toBeNull();
  });

  test('that is no YAML, or holds no keys, is refused', () => {
    expect(read('columns: [').problems).toContain('TOLL_DECK_MAPPING_INVALID');
    expect(read('- a\n').problems).toContain('holds no keys');
    expect(read('columns: 3\n').problems).toContain('columns must name fields');
  });
});

test('text of a deck cannot steer the terminal', () => {
  const problems = new DeckProblemList();
  const place = { file: 'deck.xlsx', sheet: 'Rates', line: 3, column: 28, text: 'a\u001b[2J\u202eb' };
  problems.add('TOLL_DECK_CODE_INVALID', place, 'This is no code');
  expect(renderDeckProblems(problems.list())).toMatch(
    /^deck\.xlsx Rates!AB3: This is no code: "a\\u001b\[2J\\u202eb"/,
  );
});
