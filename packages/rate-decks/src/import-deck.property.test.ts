/** Round trips: what is written in a carrier's way is read as what it was. */
import fc from 'fast-check';
import { writeXlsx } from 'hucre';
import { describe, expect, test } from 'vitest';
import { formatScaled } from '@tollstream/money';
import { instantText } from './dates.ts';
import { fileOf, importBytes, importText, tariff } from './testing/decks.ts';
import { type TariffRows, tariffCsv } from './tariff-rows.ts';

const SEED = 20_200_115;
const DAY_MS = 86_400_000;

interface Line {
  readonly prefix: string;
  /** Scaled by 10^8. */
  readonly rate: number;
  readonly initialSeconds: number;
  readonly stepSeconds: number;
  /** Days since 2020-01-01. */
  readonly day: number;
}

const line: fc.Arbitrary<Line> = fc.record({
  prefix: fc.bigInt({ min: 1n, max: 999_999_999n }).map(String),
  rate: fc.integer({ min: 0, max: 99_999_999_999 }),
  initialSeconds: fc.integer({ min: 1, max: 86_400 }),
  stepSeconds: fc.integer({ min: 1, max: 86_400 }),
  day: fc.integer({ min: 0, max: 2_000 }),
});
const lines = fc.uniqueArray(line, { minLength: 1, maxLength: 40, selector: ({ prefix }) => prefix });

const dateOf = (day: number): string => instantText(Date.UTC(2020, 0, 1) + day * DAY_MS);

/** How a carrier might write it; all of it is declared, so that nothing is in doubt. */
const style = fc.record({
  comma: fc.boolean(),
  dayFirst: fc.boolean(),
  delimiter: fc.constantFrom(';', '\t', '|'),
  international: fc.constantFrom('', '+', '00', '011'),
  increments: fc.constantFrom('/', '-', '+'),
  cents: fc.boolean(),
  notices: fc.integer({ min: 0, max: 5 }),
});
type Style = typeof style extends fc.Arbitrary<infer Value> ? Value : never;

function deckOf(rows: readonly Line[], how: Style): string {
  const { delimiter } = how;
  const body = rows.map(({ prefix, rate, initialSeconds, stepSeconds, day }) => {
    const amount = formatScaled(rate, how.cents ? 6 : 8, { trim: true });
    const [year, month, date] = dateOf(day).split('-');
    return [
      how.international + prefix,
      how.comma ? amount.replace('.', ',') : amount,
      `${initialSeconds}${how.increments}${stepSeconds}`,
      how.dayFirst ? `${date}/${month}/${year}` : `${month}/${date}/${year}`,
    ].join(delimiter);
  });
  const notices = Array.from({ length: how.notices }, (_, i) => `Notice ${i}`);
  const header = ['Dial Code', how.cents ? 'Rate (cents)' : 'Rate', 'Interval', 'Effective Date'].join(
    delimiter,
  );
  return [...notices, header, ...body].join('\n');
}

function written({ rows, columns }: TariffRows): string[] {
  const at = (name: string) => columns.indexOf(name);
  return rows.map(({ prefix, cells }) =>
    [prefix, ...['rate', 'initial', 'step', 'effective_from'].map((name) => cells[at(name)])].join(' '),
  );
}

function expected(rows: readonly Line[]): string[] {
  return rows
    .toSorted((a, b) => (a.prefix < b.prefix ? -1 : 1))
    .map(
      ({ prefix, rate, initialSeconds, stepSeconds, day }) =>
        `${prefix} ${formatScaled(rate, 8, { trim: true })} ${initialSeconds} ${stepSeconds} ${dateOf(day)}`,
    );
}

describe('a deck', () => {
  test('in any way of writing comes back as the same rates', async () => {
    await fc.assert(
      fc.asyncProperty(lines, style, async (rows, how) => {
        const result = await importText(deckOf(rows, how), {
          mapping: {
            decimal: how.comma ? 'comma' : 'point',
            dates: how.dayFirst ? 'day_first' : 'month_first',
            delimiter: how.delimiter,
          },
        });
        if (!result.ok) throw new Error(JSON.stringify(result.problems));
        expect(written(result.after)).toEqual(expected(rows));
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  test('in a workbook comes back as the same rates', async () => {
    await fc.assert(
      fc.asyncProperty(lines, async (rows) => {
        const cells = rows.map(({ prefix, rate, initialSeconds, stepSeconds, day }) => [
          Number(prefix),
          rate / 1e8,
          `${initialSeconds}/${stepSeconds}`,
          new Date(Date.UTC(2020, 0, 1) + day * DAY_MS),
        ]);
        const bytes = await writeXlsx({
          sheets: [{ name: 'Rates', rows: [['Code', 'Rate', 'Interval', 'Effective Date'], ...cells] }],
        });
        const result = await importBytes('deck.xlsx', bytes);
        if (!result.ok) throw new Error(JSON.stringify(result.problems));
        expect(written(result.after)).toEqual(expected(rows));
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  test("of the tariff's own file changes nothing", async () => {
    await fc.assert(
      fc.asyncProperty(lines, async (rows) => {
        const first = await importText(
          deckOf(rows, {
            comma: false,
            dayFirst: true,
            delimiter: ';',
            international: '',
            increments: '/',
            cents: false,
            notices: 0,
          }),
          {
            mapping: { dates: 'day_first', decimal: 'point', delimiter: ';' },
          },
        );
        const file = fileOf(first);
        const again = await importText(file, { before: tariff(file), mode: 'delta' });
        expect(fileOf(again)).toBe(file);
        expect(again).toMatchObject({
          summary: { unchanged_codes: rows.length, changed_codes: 0, new_codes: 0 },
        });
      }),
      { seed: SEED, numRuns: 100 },
    );
  });
});

describe('a tariff after any number of decks', () => {
  test('has at most one row for a code and its callers at each instant, and that of the last deck from its day on', async () => {
    const change = fc.record({
      prefix: fc.constantFrom('1', '44', '441', '33'),
      origin: fc.constantFrom('', '', '49', 'FR'),
      rate: fc.integer({ min: 0, max: 9 }),
    });
    const deck = fc.record({
      day: fc.integer({ min: 0, max: 50 }),
      full: fc.boolean(),
      changes: fc.uniqueArray(change, {
        minLength: 1,
        selector: ({ prefix, origin }) => `${prefix} ${origin}`,
      }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(deck, { minLength: 1, maxLength: 6 }), async (decks) => {
        let before: TariffRows | undefined;
        for (const { day, full, changes } of decks) {
          const lines = changes.map(({ prefix, origin, rate }) => `${prefix},0.${rate},${origin}`);
          const text = ['Code,Rate,Origin', ...lines].join('\n');
          const result = await importText(text, {
            asOf: dateOf(day),
            mode: full ? 'replace' : 'delta',
            ...(before === undefined ? {} : { before }),
          });
          // A delta may be refused for what the tariff holds for later; then nothing changes.
          if (!result.ok) {
            expect(full).toBe(false);
            expect(new Set(result.problems.map(({ code }) => code))).toEqual(
              new Set(['TOLL_DECK_FUTURE_CONFLICT']),
            );
            continue;
          }
          before = tariff([...tariffCsv(result.after)].join(''));
          const at = Date.parse(dateOf(day));
          const originAt = before.columns.indexOf('origin');
          for (const { prefix, origin, rate } of changes) {
            const holding = before.rows.filter(
              ({ prefix: code, cells, from, to }) =>
                code === prefix && cells[originAt] === origin && from <= at && at < to,
            );
            expect(holding).toHaveLength(1);
            expect(Number(holding[0]!.cells[before.columns.indexOf('rate')])).toBe(rate / 10);
          }
          for (let i = 1; i < before.rows.length; i++) {
            const [a, b] = [before.rows[i - 1]!, before.rows[i]!];
            expect(a.from).toBeLessThan(a.to);
            if (a.key === b.key) expect(b.from).toBeGreaterThanOrEqual(a.to);
          }
        }
      }),
      { seed: SEED, numRuns: 400 },
    );
  });
});

test('no bytes make the reader throw anything but an error with a remedy', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (noise, zip) => {
      const bytes = zip ? Uint8Array.of(0x50, 0x4b, 3, 4, ...noise) : noise;
      await importBytes('noise', bytes).catch((error: unknown) => {
        expect(error).toMatchObject({
          code: expect.stringMatching(/^TOLL_DECK_/),
          remedy: expect.any(String),
        });
      });
    }),
    { seed: SEED, numRuns: 300 },
  );
});
