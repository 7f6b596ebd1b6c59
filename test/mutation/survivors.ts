/** Why a mutant that no test kills is no gap. Everything else that survives is listed as unexplained. */
export interface Explanation {
  readonly file: string;
  /** What stands there → what was put in its place, as the page lists it. */
  readonly mutants: readonly string[];
  readonly reason: string;
}

export const EXPLANATIONS: readonly Explanation[] = [
  {
    file: 'packages/money/src/rounding.ts',
    mutants: ['numerator < 0 → numerator <= 0', 'numerator < 0n → numerator <= 0n'],
    reason: 'zero is its own negative, and no minus zero comes of it',
  },
  {
    file: 'packages/money/src/rounding.ts',
    mutants: ['Number.isSafeInteger(product) → false'],
    reason: 'chooses between two ways to the same result; the bigint way is only slower',
  },
  {
    file: 'packages/money/src/rounding.ts',
    mutants: ['\'down\' → ""'],
    reason: 'the only mode left then falls out of the switch, and nothing is as much as false',
  },
  {
    file: 'packages/rating-engine/src/billing-month.ts',
    mutants: ['calendars.set(timeZone, calendar); → ;'],
    reason: 'a calendar that is not kept is made again: only slower',
  },
  {
    file: 'packages/rating-engine/src/billing-month.ts',
    mutants: [
      "timeZone === 'UTC' || timeZone === 'Etc/UTC' → false",
      "timeZone === 'UTC' || timeZone === 'Etc/UTC' → timeZone === 'UTC' && timeZone === 'Etc/UTC'",
      "timeZone === 'UTC' → false",
      '\'UTC\' → ""',
      "timeZone === 'Etc/UTC' → false",
      '\'Etc/UTC\' → ""',
    ],
    reason: 'in UTC the borders are known without asking Intl, which gives the same ones',
  },
  {
    file: 'packages/rating-engine/src/billing-month.ts',
    mutants: [
      'MONTHS + 1 → MONTHS - 1',
      '!Number.isNaN(known) → false',
      'atMs >= sinceMs && atMs < untilMs → false',
      'atMs >= sinceMs → atMs > sinceMs',
      '(atMs - ORIGIN_MS) / MEAN_MONTH_MS → (atMs - ORIGIN_MS) * MEAN_MONTH_MS',
      'index < 1 || index >= MONTHS - 1 → true',
      'index < 1 → false',
      'index < 1 → index <= 1',
      'index < 1 → index >= 1',
      'index >= MONTHS - 1 → index > MONTHS - 1',
      'MONTHS - 1 → MONTHS + 1',
      'index + 1 → index - 1',
    ],
    reason:
      'a border that is not kept, or not in the range of those kept, is found again, or the month is asked of Intl: only slower',
  },
  {
    file: 'packages/rating-engine/src/call-rows.ts',
    mutants: ["text === '' → false", '\'\' → "Stryker was here!"'],
    reason: 'an empty text is read as no number, too: only slower',
  },
  {
    file: 'packages/rating-engine/src/charge.ts',
    mutants: [
      'billableSeconds < prices.initialSeconds → billableSeconds <= prices.initialSeconds',
      'initialBillable > includedSeconds → initialBillable >= includedSeconds',
    ],
    reason: 'both sides are the same where they are equal',
  },
  {
    file: 'packages/rating-engine/src/charge.ts',
    mutants: [
      '{ return sum <= Number.MAX_SAFE_INTEGER; } → {}',
      'sum <= Number.MAX_SAFE_INTEGER → false',
      'sum <= Number.MAX_SAFE_INTEGER → sum < Number.MAX_SAFE_INTEGER',
    ],
    reason: 'chooses between two ways to the same amount; the bigint way is only slower',
  },
  {
    file: 'packages/rating-engine/src/charged-parts.ts',
    mutants: ['-1 → +1', 'stretch.window < 0 → false'],
    reason: 'without windows no list stands at any place: the base holds',
  },
  {
    file: 'packages/rating-engine/src/charged-parts.ts',
    mutants: ['from === billableSeconds → true', '\'the parts of a call are its billable seconds\' → ""'],
    reason: 'an assertion of what always holds',
  },
  {
    file: 'packages/rating-engine/src/charged-parts.ts',
    mutants: ['includedSeconds === 0 → false'],
    reason: 'the parts are the same when they are taken apart and nothing is included: only slower',
  },
  {
    file: 'packages/rating-engine/src/classification.ts',
    mutants: ['answer === NOT_ASKED → true'],
    reason: 'an answer that is not kept is found again: only slower',
  },
  {
    file: 'packages/rating-engine/src/classification.ts',
    mutants: [
      "direction === 'inbound' → direction !== 'inbound'",
      "facts.numberClass === 'toll_free' → facts.numberClass !== 'toll_free'",
      "(direction === 'inbound' ? facts.tollFreeNumber : facts.premiumPrefix) !== 0 → (direction === 'inbound' ? facts.tollFreeNumber : facts.premiumPrefix) === 0",
    ],
    reason: 'another key for the same facts, and still one of their own',
  },
  {
    file: 'packages/rating-engine/src/classification.ts',
    mutants: [
      'originNumber > 0 → true',
      'originNumber > 0 → originNumber >= 0',
      'destinationNumber > 0 → true',
      'destinationNumber > 0 → destinationNumber >= 0',
      'number === 0 → false',
      'false → true',
    ],
    reason: 'no number has no country, class, prefix or area: looking it up finds what stands there already',
  },
  {
    file: 'packages/rating-engine/src/classification.ts',
    mutants: ['number >= 1e10 → true', 'number >= 1e10 → number > 1e10'],
    reason:
      'shorter numbers come out below zero, which is no area code, and 10,000,000,000 as the area 0, which is none',
  },
  {
    file: 'packages/rating-engine/src/explain-stored.ts',
    mutants: ['\'0\' → ""'],
    reason: 'a row of an unanswered call has a tariff only where there is a fee',
  },
  {
    file: 'packages/rating-engine/src/explain.ts',
    mutants: ['outcome.rate !== null → true', 'outcome.tariff !== null → true'],
    reason: 'a price has both a rate and a tariff, or neither',
  },
  {
    file: 'packages/rating-engine/src/explain.ts',
    mutants: ['row >= 0 → true'],
    reason: 'no row was chosen, and then none has its prefix',
  },
  {
    file: 'packages/rating-engine/src/explain.ts',
    mutants: [
      'priced.charge === rate.special!.attemptFee → true',
      '\'the explanation gives the amount of the engine\' → ""',
      '(limit?.charge ?? rounded) - BigInt(paid) === BigInt(charge) → true',
    ],
    reason: 'an assertion that the explanation gives the amount of the engine',
  },
  {
    file: 'packages/rating-engine/src/explain.ts',
    mutants: ["rule.kind === 'tariff' → true", '[] → ["Stryker was here"]'],
    reason: 'pools were asked: then the rule is a tariff with pools',
  },
  {
    file: 'packages/rating-engine/src/increments.ts',
    mutants: ['excessMs <= 0 → excessMs < 0'],
    reason: 'an excess of nothing has no steps',
  },
  {
    file: 'packages/rating-engine/src/jurisdiction.ts',
    mutants: [
      'farCountry !== undefined && isCountryElsewhere(isInbound ? origin : destination, farCountry) && (isInbound ? to : from)… → false',
      'farCountry !== undefined → true',
      'farCountry !== undefined → farCountry === undefined',
      '(isInbound ? to : from) !== 0 → true',
      '(isInbound ? to : from) !== 0 → (isInbound ? to : from) === 0',
      "{ return 'international'; } → {}",
      'isInbound && origin === call.originNumber → false',
      "{ return number > 0 && !(number >= 1e10 && number < 2e10) && country !== '' && country !== '001'; } → {}",
      "number > 0 && !(number >= 1e10 && number < 2e10) && country !== '' && country !== '001' → false",
      'number > 0 → true',
      'number > 0 → number >= 0',
      'number > 0 → number <= 0',
      'number >= 1e10 && number < 2e10 → true',
      'number >= 1e10 && number < 2e10 → number >= 1e10 || number < 2e10',
    ],
    reason: 'only spares looking up what was looked up before, or finds early what is found below',
  },
  {
    file: 'packages/rating-engine/src/jurisdiction.ts',
    mutants: ["originText === '' → false", '\'\' → "Stryker was here!"'],
    reason: 'an empty text is no extension',
  },
  {
    file: 'packages/rating-engine/src/own-rules.ts',
    mutants: ['\'\' → "Stryker was here!"'],
    reason: 'a group without a name is none, and so is one that does not exist',
  },
  {
    file: 'packages/rating-engine/src/price-columns.ts',
    mutants: [
      '{ return Object.fromEntries(values.map((value, i) => [value, i + 1])) as Record<T, number>; } → {}',
    ],
    reason: 'runs while the module is loaded, before any mutant is in force',
  },
  {
    file: 'packages/rating-engine/src/quote.ts',
    mutants: ['explained === null → true'],
    reason: 'the price of an explanation is the one that is found without it: it is only found twice',
  },
  {
    file: 'packages/rating-engine/src/quote.ts',
    mutants: [
      "{ kind: 'invalid', number: 0, text: '', routingNumber: '' } → {}",
      '\'invalid\' → ""',
      '\'\' → "Stryker was here!"',
      "routingNumber === '' → false",
    ],
    reason:
      'a number that is read overwrites all of it; a device that is none of the account is as good as none; and an empty text is read as no number',
  },
  {
    file: 'packages/rating-engine/src/rate-table.ts',
    mutants: ['attemptFee > 0 → true', 'attemptFee > 0 → attemptFee >= 0'],
    reason: 'only spares looking for the fee of rows that have none',
  },
  {
    file: 'packages/rating-engine/src/spend-windows.ts',
    mutants: ['calendar === undefined → true', 'calendars.set(key, calendar); → ;'],
    reason: 'a calendar that is not kept is made again: only slower',
  },
  {
    file: 'packages/rating-engine/src/spend-windows.ts',
    mutants: [
      'date.getUTCFullYear() * 12 + date.getUTCMonth() → date.getUTCFullYear() * 12 - date.getUTCMonth()',
    ],
    reason: 'from a month that is too early the search goes on to the right one',
  },
  {
    file: 'packages/rating-engine/src/spend-windows.ts',
    mutants: ['offsetAt(0); → ;'],
    reason: 'a zone that does not exist is refused when its clock is made',
  },
  {
    file: 'packages/rating-engine/src/spend-windows.ts',
    mutants: ['{ startMs: 0, endMs: 0 } → {}'],
    reason: 'at first no period holds, either way',
  },
  {
    file: 'packages/rating-engine/src/spend-windows.ts',
    mutants: [
      'atMs >= last.startMs && atMs < last.endMs → false',
      'atMs >= last.startMs → atMs > last.startMs',
      'atMs / HOUR_MS → atMs * HOUR_MS',
      'periods === undefined → true',
      'remembered.size === REMEMBERED_MAX → true',
      'remembered.size === REMEMBERED_MAX → false',
      'remembered.size === REMEMBERED_MAX → remembered.size !== REMEMBERED_MAX',
      '[] → ["Stryker was here"]',
      'remembered.set(hour, periods); → ;',
      '({ startMs, endMs }) => atMs >= startMs && atMs < endMs → () => undefined',
      'atMs >= startMs && atMs < endMs → false',
      'atMs >= startMs → atMs > startMs',
      'period === undefined → true',
      'periods.push(period); → ;',
    ],
    reason: 'a period that is not remembered is found again: only slower, or more memory',
  },
  {
    file: 'packages/rating-engine/src/spend-windows.ts',
    mutants: [
      'period.startMs <= atMs && atMs < period.endMs → true',
      'period.startMs <= atMs && atMs < period.endMs → period.startMs <= atMs || atMs < period.endMs',
      'period.startMs <= atMs → true',
      'atMs < period.endMs → true',
      'atMs < period.endMs → atMs <= period.endMs',
      '\'a period holds the instant it was asked for\' → ""',
    ],
    reason: 'an assertion of what always holds',
  },
  {
    file: 'packages/rating-engine/src/spend-windows.ts',
    mutants: ['shownAt(middle * 1000) >= wallMs → shownAt(middle * 1000) > wallMs'],
    reason: 'a time that is left out is never shown',
  },
  {
    file: 'packages/rating-engine/src/window-calendar.ts',
    mutants: ['span === undefined → true', 'spans.set(number, span); → ;'],
    reason: 'a span that is not kept is made again: only slower',
  },
  {
    file: 'packages/rating-engine/src/window-calendar.ts',
    mutants: ['starts.length - 1 → starts.length + 1'],
    reason: 'what is beyond the last start is after every instant',
  },
  {
    file: 'packages/rating-engine/src/window-calendar.ts',
    mutants: ['toMs + offsetMs - 1 → toMs + offsetMs + 1'],
    reason: 'turns of a day after the end are passed over',
  },
  {
    file: 'packages/rating-engine/src/window-calendar.ts',
    mutants: ['at > fromMs → at >= fromMs', 'at < toMs → at <= toMs'],
    reason:
      'the same start a second time changes nothing, and one at the end gives way to that of the next stretch',
  },
  {
    file: 'packages/rating-engine/src/stored-price.ts',
    mutants: ['special === null && initialRatePerMinute === ratePerMinute && pools === null → false'],
    reason: 'only spares making a detail of nothing',
  },
  {
    file: 'packages/rating-engine/src/stored-price.ts',
    mutants: ['pools !== null → true'],
    reason: 'spreading null adds nothing',
  },
  {
    file: 'packages/rating-engine/src/stored-price.ts',
    mutants: ['\'0\' → ""'],
    reason: 'an empty text is the number 0, too',
  },
  {
    file: 'packages/rating-engine/src/stored-price.ts',
    mutants: ['charge < minimum → charge <= minimum', 'charge > maximum → charge >= maximum'],
    reason: 'both sides are the same where they are equal',
  },
  {
    file: 'packages/rating-engine/src/stored-price.ts',
    mutants: ['[] → ["Stryker was here"]'],
    reason: 'the second letter of a text is no unit of money',
  },
  {
    file: 'packages/rating-engine/src/pools.ts',
    mutants: ['month === 0 → false'],
    reason: 'the part of a first month is not looked at where there is no such month',
  },
  {
    file: 'packages/rating-engine/src/pools.ts',
    mutants: ["case 'money': break; → case 'money':", '\'money\' → ""'],
    reason: 'pools in money give no seconds, and nothing comes after the case',
  },
  {
    file: 'packages/rating-engine/src/prefix-set.ts',
    mutants: [
      'this.#byDigits.length === 0 → false',
      'digits >= HEAD_DIGITS && this.#heads[Math.floor(number / POWERS[digits - HEAD_DIGITS]!)] === 0 → false',
      'digits >= HEAD_DIGITS → true',
      'digits >= HEAD_DIGITS → digits > HEAD_DIGITS',
      'digits >= HEAD_DIGITS → digits < HEAD_DIGITS',
      'number / POWERS[digits - HEAD_DIGITS]! → number * POWERS[digits - HEAD_DIGITS]!',
      '{ return 0; } → {}',
    ],
    reason: 'only spares a look-up: most numbers begin with no prefix',
  },
  {
    file: 'packages/rating-engine/src/prefix-set.ts',
    mutants: ['length > digits → false'],
    reason: 'a longer prefix than the number is found nowhere',
  },
  {
    file: 'packages/rating-engine/src/prefix-set.ts',
    mutants: ['number >= 1e10 → false', 'number >= 1e10 → number > 1e10'],
    reason: 'only spares counting the first digits',
  },
  {
    file: 'packages/rating-engine/src/price-call.ts',
    mutants: ['left <= 0 → left < 0', 'left < billable → left <= billable'],
    reason: 'both sides are the same where they are equal',
  },
  {
    file: 'packages/rating-engine/src/price-call.ts',
    mutants: [
      'included >= 0 && charged >= 0 && included + charged === billable → true',
      'included >= 0 && charged >= 0 && included + charged === billable → included >= 0 && charged >= 0 || included + charged === billable',
      'included >= 0 && charged >= 0 → true',
      'included >= 0 && charged >= 0 → included >= 0 || charged >= 0',
      'included >= 0 → true',
      'charged >= 0 → true',
      'included + charged === billable → true',
      '\'included + charged = billable seconds\' → ""',
      'charge >= 0 && (charged > 0 || charge === 0) → true',
      'charge >= 0 && (charged > 0 || charge === 0) → charge >= 0 || charged > 0 || charge === 0',
      'charge >= 0 → true',
      'charged > 0 || charge === 0 → true',
      'charged > 0 → charged >= 0',
    ],
    reason: 'an assertion of what always holds',
  },
  {
    file: 'packages/rating-engine/src/jurisdiction.ts',
    mutants: ['\'\' → "Stryker was here!"'],
    reason: "the numbering tables give no number the country '001'",
  },
  {
    file: 'packages/rating-engine/src/price-call.ts',
    mutants: ['/^\\d{1,15}$/ → /\\d{1,15}$/', '/^\\d{1,15}$/ → /^\\d{1,15}/'],
    reason:
      'a service code is digits and perhaps a star or hash: with one it is no number, and neither that nor 0 has a rate',
  },
  {
    file: 'packages/rating-engine/src/spend-windows.ts',
    mutants: ['atMs >= firstInstantOf(index + 1) → atMs > firstInstantOf(index + 1)'],
    reason: 'at the first instant of a period the wall shows that period already',
  },
  {
    file: 'packages/rating-engine/src/spend-windows.ts',
    mutants: [
      'wallMs + OFFSET_MAX_MS → wallMs - OFFSET_MAX_MS',
      'wallMs - Math.min(before, after) → wallMs + Math.min(before, after)',
      'Math.min(before, after) → Math.max(before, after)',
      'shownAt(only) === wallMs → false',
    ],
    reason: 'what is not guessed is found by the search: only slower',
  },
];
