import { expect, it } from 'vitest';
import { diskProblem, machineProblem } from './machine.mjs';

const good = { platform: 'linux', arch: 'x64', nodeVersion: '20.20.2', hasGlibc: true };

it('takes Linux with glibc and Node 20, and macOS with Node 24', () => {
  expect(machineProblem(good)).toBeNull();
  expect(machineProblem({ ...good, arch: 'arm64' })).toBeNull();
  expect(machineProblem({ ...good, platform: 'darwin', nodeVersion: '24.1.0' })).toBeNull();
});

it.each([
  ['an old Node', { nodeVersion: '18.19.0' }, 'TOLL_SETUP_NODE_OLD', 'Install Node 24.'],
  [
    'macOS with Node 22',
    { platform: 'darwin', nodeVersion: '22.1.0' },
    'TOLL_SETUP_NODE_OLD',
    'Install Node 24.',
  ],
  ['Windows', { platform: 'win32' }, 'TOLL_SETUP_PLATFORM', 'WSL2'],
  ['another processor', { arch: 's390x' }, 'TOLL_SETUP_PLATFORM', 'x64 or arm64'],
  ['musl', { hasGlibc: false }, 'TOLL_SETUP_PLATFORM', 'Debian'],
])('refuses %s with a remedy', (_what, change, code, remedy) => {
  const problem = machineProblem({ ...good, ...change });
  expect(problem?.code).toBe(code);
  expect(problem?.remedy).toContain(remedy);
});

it('refuses a disk without room for the install', () => {
  expect(diskProblem('/work', 2e9)).toBeNull();
  expect(diskProblem('/work', 0.84e9)).toEqual({
    code: 'TOLL_SETUP_DISK_FULL',
    message: 'The install needs 2.0 GB and /work has 0.8 GB free.',
    remedy: 'Free some space, or clone to another disk.',
  });
});
