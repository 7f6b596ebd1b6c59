/** Catalogs of any size for measurements, as files: what repeats in them repeats as it does in decks of carriers. */

/** xorshift32: the same numbers on every run. */
export function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Processor time of this process, which other processes do not lengthen. */
export class ProcessorClock {
  readonly #start = process.cpuUsage();

  seconds(): number {
    const { user, system } = process.cpuUsage(this.#start);
    return (user + system) / 1e6;
  }
}

const PLAN = `id: standard
name: Standard
currency: USD
country: US
pools: [{ id: minutes, minutes_per_month: 1000000 }]
rules:
  internal: free
  local: { tariff: world, pool: minutes }
  long_distance: { tariff: world, pool: minutes }
  premium: { tariff: world }
  toll_free_outbound: { tariff: world }
  toll_free_inbound: free
  inbound: free
  international: { tariff: world }
`;
const TARIFF = `id: world
name: World
currency: USD
windows:
  - { id: night, from: '21:00', to: '07:00' }
rates: world.csv
`;
const HEADER =
  'prefix,description,country,rate,initial,step,effective_from,effective_to,tiers,rate@night,minimum_charge\n';
const INCREMENTS = ['60,60', '30,6', '6,6', '60,1', '1,1'];
const LATER = ['2019-11-01', '2020-01-10', '2020-02-01'];

/** A destination has a rate and a list of codes that stand beside each other. */
export function deckOf(size: number): {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly prefixes: readonly string[];
} {
  const random = makeRandom(20_200_101);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
  const prefixes = new Set(['1', '2', '3', '4', '5', '6', '7', '8', '9']);
  const rows = Array.from(prefixes, (prefix) => `${prefix},World ${prefix},,0.09,60,60,,,,,`);
  for (let destination = 1; rows.length < size; destination++) {
    const base =
      String(1 + Math.floor(random() * 9)) + String(random()).slice(2, 4 + Math.floor(random() * 4));
    const rate = (0.005 + random() * 0.4).toFixed(4);
    const increments = pick(INCREMENTS);
    const from = random() < 0.7 ? '2019-01-01' : pick(LATER);
    const kind = random();
    const tiers = kind < 0.05 ? `600=${(Number(rate) * 0.8).toFixed(4)}` : '';
    const night = kind >= 0.05 && kind < 0.1 ? (Number(rate) / 2).toFixed(4) : '';
    const minimum = kind >= 0.1 && kind < 0.12 ? '0.05' : '';
    const codes = 1 + Math.floor(random() * 40);
    for (let code = 0; code < codes && rows.length < size; code++) {
      const prefix = base + (code < 10 ? code : 10 + code);
      if (prefixes.has(prefix)) continue;
      prefixes.add(prefix);
      rows.push(
        `${prefix},Destination ${destination} mobile,,${rate},${increments},${from},,${tiers},${night},${minimum}`,
      );
    }
  }
  const text = {
    'catalog.yaml': 'version: 1\nname: Large\n',
    'plans/standard.yaml': PLAN,
    'tariffs/world.yaml': TARIFF,
    'tariffs/world.csv': `${HEADER}${rows.join('\n')}\n`,
    'accounts.yaml': 'accounts:\n  - { id: acme, name: Acme, plan: standard, billing_start: 2015-01-01 }\n',
  };
  const files = Object.entries(text).map(([path, content]) => [path, Buffer.from(content)] as const);
  return { files: new Map(files), prefixes: [...prefixes] };
}
