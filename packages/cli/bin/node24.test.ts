import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const NODE24 = join(import.meta.dirname, 'node24.mjs');
const TOLLSTREAM = join(import.meta.dirname, 'tollstream.mjs');

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Every Node of the machine from 20 on, the older ones first of all. */
const nodes = [...new Set((process.env['PATH'] ?? '').split(':').map((folder) => join(folder, 'node')))]
  .filter((node) => existsSync(node))
  .map((node) => [execFileSync(node, ['--version'], { encoding: 'utf8' }).trim(), node] as const)
  .filter(([version]) => Number.parseInt(version.slice(1), 10) >= 20);

describe.each(nodes)('the tollstream command under Node %s', (_version, node) => {
  it('runs through a symbolic link from another folder, with nothing else on standard output', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tollstream-bin-'));
    folders.push(folder);
    symlinkSync(TOLLSTREAM, join(folder, 'tollstream'));
    const { stdout, status } = spawnSync(node, ['tollstream', '--version'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(status).toBe(0);
  });

  it('hands on the exit code', () => {
    const { status, stderr } = spawnSync(node, [TOLLSTREAM, 'no-such-command'], { encoding: 'utf8' });
    expect(stderr).toContain('no-such-command');
    expect(status).toBe(2);
  });
});

describe('runUnder', () => {
  const CHILD = `
    const { endWithParent } = await import(${JSON.stringify(NODE24)});
    endWithParent();
    setInterval(() => {}, 1000);
    process.on('SIGTERM', () => process.exit(7));
    console.log('running');`;
  /** A parent that runs CHILD, once CHILD runs. */
  async function start() {
    const parent = spawn(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `const { runUnder } = await import(${JSON.stringify(NODE24)});
         runUnder(process.execPath, ['--input-type=module', '--eval', ${JSON.stringify(CHILD)}]);`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(parent.stdout, 'data');
    return parent;
  }

  it('hands on signals, and ends as the child ended', async () => {
    const parent = await start();
    parent.kill('SIGTERM');
    expect(await once(parent, 'close')).toEqual([7, null]);
  });

  it('does not leave the child behind when it is killed outright', async () => {
    const parent = await start();
    parent.kill('SIGKILL');
    // The child holds the other end of the pipe: this comes when the child is gone as well.
    expect(await once(parent, 'close')).toEqual([null, 'SIGKILL']);
  });
});

it('is kept executable in the repository, since npm makes it so and a tree that differs cannot be told from a changed one', () => {
  const [mode] = execFileSync('git', ['ls-files', '-s', TOLLSTREAM], { encoding: 'utf8' }).split(' ');
  expect(mode).toBe('100755');
});
