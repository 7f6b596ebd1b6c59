import { crc32, deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { buildCatalog } from './build.ts';
import { LOGO_BYTES_MAX, readLogo } from './logo.ts';
import { smallCatalog } from './testing.ts';

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

interface Png {
  readonly width?: number;
  readonly colours?: number;
  readonly interlaced?: number;
  readonly rows?: number;
  readonly extra?: Buffer;
}

function png({
  width = 4,
  colours = 2,
  interlaced = 0,
  rows = 2,
  extra = Buffer.alloc(0),
}: Png = {}): Buffer {
  const height = 2;
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, colours, 0, 0, interlaced], 8);
  const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[colours]!;
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', head),
    extra,
    chunk('IDAT', deflateSync(Buffer.alloc(rows * (1 + width * channels)))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function jpeg(components = 3): Buffer {
  const frame = Buffer.from([0xff, 0xc0, 0, 17, 8, 0, 2, 0, 4, components, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([Buffer.from('ffd8ffe000044a46', 'hex'), frame, Buffer.from('ffd9', 'hex')]);
}

test('a PNG and a JPEG are kept as they are', () => {
  for (const [bytes, mediaType] of [
    [png(), 'image/png'],
    [png({ colours: 0 }), 'image/png'],
    [png({ colours: 3, extra: chunk('PLTE', Buffer.alloc(6)) }), 'image/png'],
    [jpeg(), 'image/jpeg'],
  ] as const)
    expect(readLogo(bytes)).toEqual({ mediaType, data: bytes.toString('base64') });
});

test.each([
  ['with an alpha channel', png({ colours: 6 }), 'transparent'],
  ['with a transparent colour', png({ extra: chunk('tRNS', Buffer.alloc(6)) }), 'transparent'],
  ['interlaced', png({ interlaced: 1 }), 'interlaced'],
  ['with a row too few', png({ rows: 1 }), 'damaged'],
  ['cut off', png().subarray(0, 60), 'damaged'],
  ['of a palette without one', png({ colours: 3 }), 'damaged'],
  ['with too many pixels', png({ width: 2001 }), '2001 × 2 pixels'],
  ['of print', jpeg(4), 'CMYK'],
  ['without a frame', Buffer.from('ffd8ffe000044a46ffd9', 'hex'), 'damaged'],
  ['of no kind', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'neither a PNG nor a JPEG'],
  ['too large', Buffer.concat([png(), Buffer.alloc(LOGO_BYTES_MAX)]), `at most ${LOGO_BYTES_MAX}`],
])('an image %s is refused', (_, bytes, why) => {
  expect(readLogo(bytes)).toContain(why);
});

describe('of the catalog', () => {
  const billing = (logo: string): string =>
    `seller: { name: Seller, address: [1 Street], country: US, logo: ${logo} }\nremittance:\n  - { country: US, currency: USD, lines: [{ label: bank, value: B }] }\n`;
  const built = (logo: string, files: Record<string, Buffer> = {}) => {
    const all = new Map<string, Uint8Array>(smallCatalog());
    all.set('billing.yaml', Buffer.from(billing(logo)));
    for (const [name, bytes] of Object.entries(files)) all.set(name, bytes);
    return buildCatalog(all);
  };

  test('is part of its content', () => {
    const [one, other, none] = [png(), png({ colours: 0 }), undefined].map((image) =>
      built('logo.png', { 'logo.png': image ?? png({ width: 5 }) }),
    );
    if (!one!.ok || !other!.ok || !none!.ok) throw new Error('a good catalog was refused');
    expect(one!.catalog.billing!.seller.logo).toEqual({
      mediaType: 'image/png',
      data: png().toString('base64'),
    });
    expect(one!.catalog.fingerprint).not.toBe(other!.catalog.fingerprint);
  });

  test.each([
    ['a file that is not there', 'logo.png', {}, 'TOLL_CATALOG_FILE_MISSING'],
    ['a file elsewhere', '../logo.png', {}, 'TOLL_CATALOG_LOGO_INVALID'],
    ['an SVG', 'logo.svg', {}, 'TOLL_CATALOG_LOGO_INVALID'],
    [
      'an image that cannot be used',
      'logo.png',
      { 'logo.png': png({ colours: 6 }) },
      'TOLL_CATALOG_LOGO_INVALID',
    ],
  ])('%s is refused where it is named', (_, name, files, code) => {
    const result = built(name, files);
    expect(result.ok).toBe(false);
    if (!result.ok)
      expect(result.problems).toMatchObject([{ code, file: 'billing.yaml', line: 1, column: 65 }]);
  });

  test('an image that nothing refers to is said', () => {
    const all = new Map<string, Uint8Array>(smallCatalog());
    all.set('photo.jpg', jpeg());
    expect(buildCatalog(all)).toMatchObject({
      ok: true,
      warnings: expect.arrayContaining([
        expect.objectContaining({ code: 'TOLL_CATALOG_FILE_UNUSED', file: 'photo.jpg' }),
      ]),
    });
  });
});
