/** Colours of documents; text on its ground has a contrast of at least 4.5 : 1 (WCAG AA). */
export const PALETTE = {
  ink: '#17212b',
  muted: '#55616d',
  accent: '#0b5a82',
  onAccent: '#ffffff',
  band: '#eef3f6',
  rule: '#d3dce2',
  warning: '#8a3b00',
  warningGround: '#fdf1e3',
} as const;

/** The seller's mark where it has no logo: the first letter or digit of its name. */
export function initialOf(name: string): string {
  return (/[\p{L}\p{N}]/u.exec(name)?.[0] ?? '').toUpperCase();
}
