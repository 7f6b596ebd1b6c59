/**
 * Short texts that come again and again (extensions, service codes), found by their bytes: each is made a string once. All others are made
 * when they are asked for, and not kept.
 */
import { ByteDictionary } from './byte-dictionary.ts';

/** Of longer texts there are too many. */
const KNOWN_BYTES_MAX = 8;
/** Texts that are kept; beyond it all are forgotten at once. */
const KNOWN_TEXTS_MAX = 20_000;

export class KnownTexts {
  readonly #keys = new ByteDictionary();
  #texts: string[] = [];

  /** @param bytes UTF-8 in [start, end); what is none becomes U+FFFD */
  at(bytes: Buffer, start: number, end: number): string {
    if (end - start > KNOWN_BYTES_MAX) return bytes.toString('utf8', start, end);
    const index = this.#keys.indexOf(bytes, start, end);
    return this.#texts[index] ?? this.#remember(index, bytes.toString('utf8', start, end));
  }

  #remember(index: number, text: string): string {
    this.#texts[index] = text;
    if (index + 1 >= KNOWN_TEXTS_MAX) {
      this.#keys.reset();
      this.#texts = [];
    }
    return text;
  }
}
