/** Normalisations and classifications per second of processor time: `node packages/numbering/src/numbering.bench.ts`. */
import { classify, normalize } from './index.ts';
import type { Destination, DialPlan, NormalizedNumber } from './index.ts';

const ROUNDS = 5_000_000;

const PLAN: DialPlan = { country: 'US', areaCode: '212' };
const PLAIN = [
  '2125550100',
  '12125550100',
  '+12125550100',
  '0114420794601000',
  '+5511987654321',
  '5550100',
  '911',
];
const WRITTEN = [
  '(212) 555-0100',
  'sip:+12125550100@sw1.example.net;user=phone',
  '2135550128;rn=+17135550173;npdi=yes',
  'anonymous',
];
const NUMBERS = [12125550100, 442079460127, 5511987654321, 18765550123, 4930231259, 13109764143];

const number: NormalizedNumber = { kind: 'invalid', number: 0, text: '', routingNumber: '' };
const destination: Destination = { country: '', numberClass: 'unknown' };

function measure(what: string, rounds: number, run: (i: number) => unknown): void {
  for (let i = 0; i < rounds / 10; i++) run(i);
  const before = process.cpuUsage();
  for (let i = 0; i < rounds; i++) run(i);
  const { user, system } = process.cpuUsage(before);
  const perSecond = rounds / ((user + system) / 1e6);
  process.stdout.write(`${what}: ${(perSecond / 1e6).toFixed(1)} million/s\n`);
}

measure('normalize, plain digits', ROUNDS, (i) => normalize(PLAIN[i % PLAIN.length]!, PLAN, number));
measure('normalize, URIs and punctuation', ROUNDS / 10, (i) =>
  normalize(WRITTEN[i % WRITTEN.length]!, PLAN, number),
);
measure('classify', ROUNDS, (i) => classify(NUMBERS[i % NUMBERS.length]!, destination));
