/** A bar chart as geometry, which HTML and PDF draw alike. Only the heights are rounded numbers; what is printed is the decimal text. */

export interface ChartBar {
  readonly label: string;
  /** Decimal text, not below zero. */
  readonly value: string;
}

export interface ChartBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Chart {
  readonly width: number;
  readonly height: number;
  readonly bars: readonly (ChartBox & ChartBar)[];
  /** Lines across with their value, from zero upwards; `y` counts from the top. */
  readonly grid: readonly { readonly y: number; readonly value: string }[];
}

const GRID_STEPS = 4;
/** Of the space between two bars' left edges, what the bar takes. */
const BAR_SHARE = 0.68;

export function layOutChart(bars: readonly ChartBar[], size: { width: number; height: number }): Chart {
  const top = niceMaximum(Math.max(0, ...bars.map(({ value }) => Number(value))));
  const pitch = size.width / Math.max(1, bars.length);
  return {
    ...size,
    bars: bars.map((bar, i) => {
      const height = round((Number(bar.value) / top) * size.height);
      return {
        ...bar,
        x: round(i * pitch + (pitch * (1 - BAR_SHARE)) / 2),
        y: round(size.height - height),
        width: round(pitch * BAR_SHARE),
        height,
      };
    }),
    grid: Array.from({ length: GRID_STEPS + 1 }, (_, step) => ({
      y: round(size.height * (1 - step / GRID_STEPS)),
      value: String(round((top / GRID_STEPS) * step)),
    })),
  };
}

/** The next 4, 8, 12, 20, 40 … above, whose quarters are round numbers. */
function niceMaximum(value: number): number {
  for (let power = 1; ; power *= 10) {
    const nice = [4, 8, 12, 20].find((step) => step * power >= value);
    if (nice !== undefined) return nice * power;
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
