/**
 * The sample account's February 2020 invoice worked out again from its call details (`cdr download --detail`, CSV) and from what the
 * sample catalog says, written out below: no code of the project, whole numbers only. Prints usage to the last digit and the total.
 *
 *   node test/e2e/recompute-invoice.mjs january.csv
 */
import { readFileSync } from 'node:fs';

// Amounts are counted in millionths, as call details have them.
const CENT = 10_000n;
const cents = (/** @type {bigint} */ millionths) => (millionths + CENT / 2n) / CENT; // half up; nothing here is negative
const partOf = (/** @type {bigint} */ amount, /** @type {bigint} */ part, /** @type {bigint} */ whole) =>
  (amount * part * 2n + whole) / (2n * whole);

const [head = '', ...lines] = readFileSync(process.argv[2] ?? '', 'utf8')
  .trim()
  .split('\r\n');
const names = head.split(',');
const records = lines.map((line) => {
  // Cells may be quoted; none of the ones that are used holds a comma.
  const cells =
    line
      .match(/("([^"]|"")*"|[^,]*)(,|$)/g)
      ?.map((cell) => cell.replace(/,$/, '').replace(/^"(.*)"$/, '$1')) ?? [];
  return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '']));
});
const millionths = (/** @type {string} */ text) => {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
};

// 1. Usage: one line for each kind of line, call type and billing group; each rounded once. Extensions 101 and 102 are the reception.
const SECTION = { premium: 'premium', toll_free_inbound: 'toll free', international: 'international' };
const usage = new Map();
let exact = 0n;
for (const record of records) {
  const cost = millionths(record['total_cost'] ?? '0');
  exact += cost;
  const type = record['call_type'] ?? '';
  const section = SECTION[/** @type {keyof typeof SECTION} */ (type)] ?? 'overage';
  const group = ['101', '102'].includes(record['extension'] ?? '') ? 'reception' : '';
  const key = `${section}/${type}/${group}`;
  usage.set(key, (usage.get(key) ?? 0n) + cost);
}
const sectionSum = (/** @type {string} */ section) =>
  [...usage].reduce((sum, [key, cost]) => (key.startsWith(`${section}/`) ? sum + cents(cost) : sum), 0n);

// 2. What February costs in advance: 8 devices at 19.95, 9 numbers at 1.00, a toll-free number at 4.95, 2 headsets at 4.50.
const serviceFee = 8n * 1995n;
const numbers = 9n * 100n + 495n;
const rentals = 2n * 450n;
// 3. January 14th: a change of caller id.
const oneTime = 1500n;

const overage = sectionSum('overage');
const tollFree = sectionSum('toll free');
const premium = sectionSum('premium');
const international = sectionSum('international');
const charges = serviceFee + numbers + premium + overage + tollFree + international + rentals + oneTime;

// 4. Fees. SLRRF in New York 4.10 % of service, numbers, overage and toll-free; RRF 0.85 for each of 10 numbers; USF 21.2 % of the
// 64.9 % of everything that is telephony, rounded down.
const slrrf = partOf(serviceFee + numbers + overage + tollFree, 410n, 10_000n);
const rrf = 10n * 85n;
const usf =
  ((serviceFee + numbers + premium + overage + tollFree + international) * 649n * 212n) / 1_000_000n;
const subtotal = charges + slrrf + rrf + usf;

// 5. Taxes on the subtotal: New York State 4 %, New York City 4.5 %.
const total = subtotal + partOf(subtotal, 40n, 1000n) + partOf(subtotal, 45n, 1000n);

const decimal = (/** @type {bigint} */ value, /** @type {number} */ digits) => {
  const text = value.toString().padStart(digits + 1, '0');
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
};
process.stdout.write(`${JSON.stringify({ exact_usage: decimal(exact, 6), total: decimal(total, 2) })}\n`);
