/**
 * Paper to write on from top to bottom: fonts, lines of text that fit, and pages that follow each other. Streams are left
 * uncompressed, because the compressor's output differs between machines, and the bytes shall not.
 */
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
// Its types know the default export only.
// oxlint-disable-next-line import/no-named-as-default
import PDFDocument from 'pdfkit';

const require = createRequire(import.meta.url);
/** The package says where its index is; the fonts lie beside that. */
const FONTS = new URL('../fonts/', pathToFileURL(require.resolve('@embedpdf/fonts-latin')));
const fontFile = (name: string): string => fileURLToPath(new URL(`${name}.ttf`, FONTS));

export type Weight = 'regular' | 'bold';
const FONT_FILES: Readonly<Record<Weight, string>> = {
  regular: fontFile('NotoSans-Regular'),
  bold: fontFile('NotoSans-SemiBold'),
};

const MARGIN = { x: 46, top: 44, bottom: 54 };
/** Of the size, from one line to the next. */
const LEADING = 1.36;
const UNKNOWN = '\ufffd';

export interface Ink {
  readonly size?: number;
  readonly weight?: Weight;
  readonly colour?: string;
}

export interface PaperOptions {
  readonly size: 'LETTER' | 'A4';
  readonly title: string;
  readonly author: string;
  readonly language: string;
  readonly created: Date;
  readonly ink: string;
}

interface PdfImages {
  openImage(bytes: Buffer): { readonly width: number; readonly height: number };
}

export class Paper {
  readonly pdf: PDFKit.PDFDocument;
  readonly left = MARGIN.x;
  readonly width: number;
  /** Where the next thing is written. */
  y = MARGIN.top;
  readonly #bottom: number;
  readonly #ink: string;
  readonly #glyphs = new Map<string, boolean>();
  readonly #widths = new Map<string, number>();

  constructor({ size, title, author, language, created, ink }: PaperOptions) {
    this.pdf = new PDFDocument({
      size,
      margin: 0,
      bufferPages: true,
      compress: false,
      lang: language,
      displayTitle: true,
      pdfVersion: '1.7',
      // Date and file id come from the invoice, or the bytes would differ each time.
      info: {
        Title: title,
        Author: author,
        Producer: 'Tollstream',
        Creator: 'Tollstream',
        CreationDate: created,
      },
    });
    for (const [name, file] of Object.entries(FONT_FILES)) this.pdf.registerFont(name, file);
    this.width = this.pdf.page.width - 2 * MARGIN.x;
    this.#bottom = this.pdf.page.height - MARGIN.bottom;
    this.#ink = ink;
  }

  /** Draws an image at the left, as large as it fits. @returns how wide it is */
  image(bytes: Buffer, { widthMax, heightMax }: { widthMax: number; heightMax: number }): number {
    // Its types do not know how an image is opened.
    const { width, height } = (this.pdf as unknown as PdfImages).openImage(bytes);
    const scale = Math.min(widthMax / width, heightMax / height);
    this.pdf.image(bytes, this.left, this.y + (heightMax - height * scale) / 2, { width: width * scale });
    return width * scale;
  }

  get right(): number {
    return this.left + this.width;
  }

  /** Begins a page unless so much is left on this one. */
  ensure(height: number): boolean {
    if (this.y + height <= this.#bottom) return false;
    this.pdf.addPage();
    this.y = MARGIN.top;
    return true;
  }

  lineHeight({ size = 9 }: Ink = {}): number {
    return size * LEADING;
  }

  /** Writes one line at a place of its own; what the font does not have is shown as unknown. */
  write(text: string, x: number, y: number, ink: Ink = {}): void {
    this.#set(ink);
    this.pdf.fillColor(ink.colour ?? this.#ink).text(this.#known(text), x, y, { lineBreak: false });
  }

  writeRight(text: string, right: number, y: number, ink: Ink = {}): void {
    this.write(text, right - this.widthOf(text, ink), y, ink);
  }

  writeLines(lines: readonly string[], x: number, y: number, ink: Ink = {}): number {
    lines.forEach((line, i) => this.write(line, x, y + i * this.lineHeight(ink), ink));
    return lines.length * this.lineHeight(ink);
  }

  widthOf(text: string, ink: Ink = {}): number {
    const { size = 9, weight = 'regular' } = ink;
    const key = `${weight} ${size} ${text}`;
    let width = this.#widths.get(key);
    if (width === undefined) {
      this.#set(ink);
      width = this.pdf.widthOfString(this.#known(text));
      this.#widths.set(key, width);
    }
    return width;
  }

  /** Breaks at spaces, and words longer than a line where they end. */
  wrap(text: string, width: number, ink: Ink = {}): string[] {
    if (this.widthOf(text, ink) <= width) return [text];
    const lines: string[] = [];
    let line = '';
    for (const word of text.split(' ')) {
      const longer = line === '' ? word : `${line} ${word}`;
      if (this.widthOf(longer, ink) <= width) {
        line = longer;
        continue;
      }
      if (line !== '') lines.push(line);
      line = '';
      for (const sign of word) {
        if (line !== '' && this.widthOf(line + sign, ink) > width) {
          lines.push(line);
          line = '';
        }
        line += sign;
      }
    }
    return line === '' ? lines : [...lines, line];
  }

  rule(y: number, colour: string, width = 0.6): void {
    this.pdf.moveTo(this.left, y).lineTo(this.right, y).lineWidth(width).strokeColor(colour).stroke();
  }

  box(x: number, y: number, width: number, height: number, colour: string, radius = 0): void {
    this.pdf.roundedRect(x, y, width, height, radius).fill(colour);
  }

  /** Calls back on every page, when all are there. */
  onEveryPage(draw: (page: number, pages: number, footerY: number) => void): void {
    const { count } = this.pdf.bufferedPageRange();
    for (let page = 0; page < count; page += 1) {
      this.pdf.switchToPage(page);
      draw(page + 1, count, this.#bottom + 18);
    }
  }

  async bytes(): Promise<Buffer> {
    const pieces: Buffer[] = [];
    this.pdf.end();
    for await (const piece of this.pdf as AsyncIterable<Buffer>) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  #set({ size = 9, weight = 'regular' }: Ink): void {
    this.pdf.font(weight).fontSize(size);
  }

  #known(text: string): string {
    let known = '';
    for (const sign of text) known += this.#hasGlyph(sign) ? sign : UNKNOWN;
    return known;
  }

  #hasGlyph(sign: string): boolean {
    let found = this.#glyphs.get(sign);
    if (found === undefined) {
      // pdfkit keeps the font of fontkit there; its types do not say so.
      const { font } = (this.pdf as unknown as { _font: { font: FontkitFont } })._font;
      found = font.hasGlyphForCodePoint(sign.codePointAt(0)!);
      this.#glyphs.set(sign, found);
    }
    return found;
  }
}

interface FontkitFont {
  hasGlyphForCodePoint(codePoint: number): boolean;
}
