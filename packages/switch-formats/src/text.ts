import { isUtf8 } from 'node:buffer';

/**
 * Text of a record. Bytes that are not UTF-8 are read as Latin-1: a display name in another charset must not lose the call,
 * and, unlike replacement characters, two different ids stay different.
 */
export function decodeText(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : bytes.toString('latin1');
}

/** Percent escapes decoded where they are valid; anything else stays as it is. */
export function decodePercent(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
}

/** A JSON object, or why there is none. */
export function parseJsonObject(
  bytes: Buffer,
):
  | { ok: true; value: Record<string, unknown> }
  | { ok: false; code: 'unreadable' | 'too_deep'; detail: string } {
  let value: unknown;
  try {
    value = JSON.parse(decodeText(bytes));
  } catch (cause) {
    if (cause instanceof RangeError) return { ok: false, code: 'too_deep', detail: 'JSON nested too deep.' };
    return {
      ok: false,
      code: 'unreadable',
      detail: `Not JSON: ${cause instanceof Error ? cause.message : ''}`,
    };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { ok: false, code: 'unreadable', detail: 'JSON, but not an object.' };
  }
  return { ok: true, value: value as Record<string, unknown> };
}

/** Text of a scalar JSON value; '' when absent. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
