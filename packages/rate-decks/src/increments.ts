/** Billing increments as decks write them: `60/60`, `30-6`, `60+60`, `1/1 sec`, `60`. */

export interface Increments {
  readonly initialSeconds: number;
  readonly stepSeconds: number;
}

const SECONDS_MAX = 86_400;
const UNIT = String.raw`\s*(?:s|sec|secs|second|seconds|")?\s*`;
const PAIR = new RegExp(String.raw`^(\d{1,6})${UNIT}[/+\-–:]\s*(\d{1,6})${UNIT}$`, 'i');
const SINGLE = new RegExp(String.raw`^(\d{1,6})${UNIT}$`, 'i');

/** @returns null when the text is no pair of intervals that can be charged; a single one is both */
export function readIncrements(text: string): Increments | null {
  const pair = PAIR.exec(text) ?? SINGLE.exec(text);
  if (pair === null) return null;
  const initialSeconds = Number(pair[1]);
  const stepSeconds = Number(pair[2] ?? pair[1]);
  return isInterval(initialSeconds) && isInterval(stepSeconds) ? { initialSeconds, stepSeconds } : null;
}

/** @returns null when the text is no interval that can be charged */
export function readInterval(text: string): number | null {
  const match = SINGLE.exec(text);
  return match !== null && isInterval(Number(match[1])) ? Number(match[1]) : null;
}

function isInterval(seconds: number): boolean {
  return seconds >= 1 && seconds <= SECONDS_MAX;
}
