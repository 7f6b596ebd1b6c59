import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { installProblem } from './install-state.mjs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tollstream-install-'));
  mkdirSync(join(root, 'node_modules'));
});
afterEach(() => rmSync(root, { recursive: true }));

type Packages = Record<string, Record<string, unknown>>;
function problem(
  wanted: Packages,
  installed: Packages | null,
  needsDevelopmentPackages = true,
): string | null {
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...wanted } }));
  if (installed !== null) {
    writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages: installed }));
  }
  return installProblem(root, { needsDevelopmentPackages });
}
const pino = { 'node_modules/pino': { version: '1.0.0' } };
const here = { os: [process.platform], cpu: [process.arch], optional: true };

it('asks for nothing when all is there', () => {
  expect(problem({ ...pino, 'packages/money': {} }, pino)).toBeNull();
});

it('sees that nothing is installed, also after an interrupted install', () => {
  expect(problem(pino, null)).toBe('The dependencies are not installed.');
});

it('sees a missing and an outdated package', () => {
  expect(problem(pino, {})).toContain('pino is not installed');
  expect(problem(pino, { 'node_modules/pino': { version: '0.9.0' } })).toContain(
    'installed as 0.9.0, and 1.0.0',
  );
});

it('sees a package of this platform that was left out, and misses none of another platform', () => {
  expect(problem({ 'node_modules/a': { version: '1.0.0', ...here } }, {})).toContain('a is not installed');
  expect(problem({ 'node_modules/a': { version: '1.0.0', ...here, os: ['sunos'] } }, {})).toBeNull();
  expect(
    problem({ 'node_modules/a': { version: '1.0.0', ...here, os: ['!' + process.platform] } }, {}),
  ).toBeNull();
});

it('needs development packages only where it is told so', () => {
  const wanted = { 'node_modules/a': { version: '1.0.0', dev: true } };
  expect(problem(wanted, {}, true)).toContain('a is not installed');
  expect(problem(wanted, {}, false)).toBeNull();
});
