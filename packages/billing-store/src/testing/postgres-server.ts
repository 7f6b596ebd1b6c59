/**
 * A real PostgreSQL for tests: the one that TOLLSTREAM_POSTGRES_URL names, or one of this machine's own installation, started in a
 * temporary directory as a user who is not root and stopped when the tests end.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface PostgresForTests {
  /** URL of a fresh database. */
  readonly freshUrl: () => Promise<string>;
  readonly stop: () => Promise<void>;
}

const READY_WITHIN_MS = 120_000;

/** @returns null when there is none; the tests then say so */
export async function startPostgres(): Promise<PostgresForTests | null> {
  const given = process.env['TOLLSTREAM_POSTGRES_URL'];
  if (given !== undefined && given !== '')
    return { freshUrl: () => createDatabase(given), stop: async () => {} };
  const binaries = installedBinaries();
  if (binaries === null) return null;
  const owner = unprivileged();
  if (owner === null) return null;

  const directory = mkdtempSync(path.join(tmpdir(), 'tollstream-postgres-'));
  if (process.getuid?.() === 0) chownSync(directory, owner.uid, owner.gid);
  const data = path.join(directory, 'data');
  const initialised = spawnSync(
    path.join(binaries, 'initdb'),
    ['-D', data, '-U', 'tollstream', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
    { ...owner, cwd: directory, encoding: 'utf8' },
  );
  if (initialised.status !== 0) throw new Error(`initdb failed: ${initialised.stderr}`);
  const port = await freePort();
  const server = spawn(
    path.join(binaries, 'postgres'),
    ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-k', directory],
    { ...owner, cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  server.stderr.on('data', (piece: Buffer) => (said += piece.toString()));
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const url = `postgres://tollstream@127.0.0.1:${port}/postgres`;
  await until(
    () => said.includes('ready to accept connections'),
    () => `PostgreSQL did not start: ${said}`,
  );
  return {
    freshUrl: () => createDatabase(url),
    async stop() {
      // Fast shutdown: connections that tests forgot are ended.
      server.kill('SIGINT');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function installedBinaries(): string | null {
  const places = existsSync('/usr/lib/postgresql')
    ? readdirSync('/usr/lib/postgresql')
        .sort((a, b) => Number(b) - Number(a))
        .map((version) => `/usr/lib/postgresql/${version}/bin`)
    : [];
  const onPath = (process.env['PATH'] ?? '').split(':');
  return (
    [...places, ...onPath].find((place) =>
      ['initdb', 'postgres'].every((name) => existsSync(path.join(place, name))),
    ) ?? null
  );
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { uid: number; gid: number } | null {
  const uid = process.getuid?.() ?? -1;
  if (uid > 0) return { uid, gid: process.getgid!() };
  for (const name of ['postgres', 'nobody']) {
    const id = (flag: string): number => Number(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout);
    const [found, group] = [id('-u'), id('-g')];
    if (found > 0) return { uid: found, gid: group };
  }
  return null;
}

async function createDatabase(url: string): Promise<string> {
  const { default: pg } = await import('pg');
  const name = `tollstream_test_${randomBytes(6).toString('hex')}`;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const fresh = new URL(url);
  fresh.pathname = `/${name}`;
  return fresh.toString();
}

/** How many sessions of a database wait for a lock that another holds. */
export async function sessionsWaiting(url: string): Promise<number> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ waiting: number }>(
    `SELECT count(*)::int AS waiting FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  await client.end();
  return rows[0]?.waiting ?? 0;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function until(holds: () => boolean, orElse: () => string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(orElse());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
