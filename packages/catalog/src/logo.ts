/** The seller's logo: an image that goes into documents as it is. Pure. */
import { inflateSync } from 'node:zlib';
import type { Logo } from './billing-model.ts';

/** Every issued document holds a copy. */
export const LOGO_BYTES_MAX = 48 * 1024;
/** Files at the root of a catalog that can be one. */
export const IMAGE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*\.(?:png|jpe?g)$/i;
const PIXELS_MAX = 2_000;
const PNG_SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const PNG_CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1 };
const PNG_BITS: readonly number[] = [1, 2, 4, 8];

/**
 * A PNG without transparency and interlacing, or a JPEG: their pixels go into a PDF byte for byte. Others would be decoded and compressed
 * anew, which differs between machines.
 * @returns the logo, or what is wrong with it
 */
export function readLogo(bytes: Uint8Array): Logo | string {
  if (bytes.length > LOGO_BYTES_MAX)
    return `The logo has ${bytes.length} bytes; at most ${LOGO_BYTES_MAX} can be used`;
  const image = Buffer.from(bytes);
  const isPng = image.subarray(0, PNG_SIGNATURE.length).equals(PNG_SIGNATURE);
  const isJpeg = image.length > 4 && image.readUInt16BE(0) === 0xffd8;
  if (!isPng && !isJpeg) return 'The logo is neither a PNG nor a JPEG';
  const size = isPng ? pngSize(image) : jpegSize(image);
  if (typeof size === 'string') return size;
  const [width, height] = size;
  if (width > PIXELS_MAX || height > PIXELS_MAX)
    return `The logo has ${width} × ${height} pixels; at most ${PIXELS_MAX} can be used`;
  return { mediaType: isPng ? 'image/png' : 'image/jpeg', data: image.toString('base64') };
}

type Size = readonly [width: number, height: number];

/** Chunks: length u32, type of 4 letters, data, checksum u32. */
function pngSize(image: Buffer): Size | string {
  const damaged = 'The PNG of the logo is damaged';
  const pixels: Buffer[] = [];
  let isPalette = false;
  let isWhole = false;
  for (let at = PNG_SIGNATURE.length; at + 12 <= image.length;) {
    const length = image.readUInt32BE(at);
    const type = image.toString('latin1', at + 4, at + 8);
    if (at + 12 + length > image.length) return damaged;
    const data = image.subarray(at + 8, at + 8 + length);
    if (type === 'tRNS') return 'The logo is transparent';
    if (type === 'PLTE') isPalette = true;
    if (type === 'IDAT') pixels.push(data);
    at += 12 + length;
    if (type !== 'IEND') continue;
    isWhole = true;
    break;
  }
  if (!isWhole) return damaged;
  if (image.toString('latin1', 12, 16) !== 'IHDR' || image.length < 33) return damaged;
  const [width, height] = [image.readUInt32BE(16), image.readUInt32BE(20)];
  const [bits, colours, interlaced] = [image[24]!, image[25]!, image[28]!];
  if (colours === 4 || colours === 6) return 'The logo is transparent';
  const channels = PNG_CHANNELS[colours];
  if (channels === undefined || !PNG_BITS.includes(bits) || (colours === 3) !== isPalette) return damaged;
  if (interlaced !== 0) return 'The logo is interlaced';
  if (width === 0 || height === 0) return damaged;
  if (width > PIXELS_MAX || height > PIXELS_MAX) return [width, height];
  const wanted = height * (1 + Math.ceil((width * bits * channels) / 8));
  try {
    if (inflateSync(Buffer.concat(pixels), { maxOutputLength: wanted + 1 }).length !== wanted) return damaged;
  } catch {
    return damaged;
  }
  return [width, height];
}

/** Segments: 0xff, marker, length u16 with itself; the frame has precision, height, width and components. */
function jpegSize(image: Buffer): Size | string {
  const damaged = 'The JPEG of the logo is damaged';
  for (let at = 2; at + 10 <= image.length;) {
    if (image[at] !== 0xff) return damaged;
    const marker = image[at + 1]!;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      const [height, width, components] = [
        image.readUInt16BE(at + 5),
        image.readUInt16BE(at + 7),
        image[at + 9]!,
      ];
      if (components !== 1 && components !== 3) return 'The logo is a JPEG in colours of print (CMYK)';
      return width === 0 || height === 0 ? damaged : [width, height];
    }
    at += 2 + image.readUInt16BE(at + 2);
  }
  return damaged;
}
