/** The files of a catalog with one price, for tests. */
export function catalogFiles(version: number, rate: string, tariff = 'domestic'): Map<string, Uint8Array> {
  const texts = {
    'accounts.yaml': 'accounts:\n  - { id: acme, name: Acme, plan: standard, billing_start: 2019-01-01 }\n',
    'catalog.yaml': `version: ${version}\nname: Small\n`,
    'plans/standard.yaml': `id: standard
name: Standard
currency: USD
country: US
domestic_countries: [US]
rules:
  internal: free
  local: { tariff: ${tariff} }
  long_distance: { tariff: domestic }
  premium: blocked
  toll_free_outbound: free
  toll_free_inbound: blocked
  inbound: free
  international: blocked
`,
    'tariffs/domestic.yaml': `id: domestic\nname: Domestic\ncurrency: USD\nrates:\n  - { prefix: '1', rate: ${rate} }\n`,
  };
  return new Map(Object.entries(texts).map(([path, text]) => [path, new TextEncoder().encode(text)]));
}
