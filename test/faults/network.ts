/**
 * A network that can lose every packet: a switch in a network namespace of its own, and for each process that is plugged into it another
 * namespace. Where a wire is cut, both ends keep their links, routes and connections; neither hears of it.
 *
 *   this process 198.18.n.1 ── switch (bridge) ──┬── 198.18.n.2 a service
 *                                                └── 198.18.n.3 another one
 *
 * A namespace lives as long as a process in it: whatever becomes of this one, what was made goes with it.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { randomInt } from 'node:crypto';

const run = promisify(execFile);

/** One process's way to all others. */
export interface Wire {
  /** What a command is to be preceded by to run at the far end. */
  readonly command: readonly string[];
  /** While true no packet passes in either direction. */
  setCut(isCut: boolean): Promise<void>;
}

export interface Network {
  /** Of this process, as the far ends of all wires reach it. */
  readonly address: string;
  plugIn(): Promise<Wire>;
  close(): Promise<void>;
}

/** 198.18.0.0/15 is for tests of networks (RFC 2544); each network takes 256 addresses of it. */
const NETWORKS_MAX = 256;
const ATTEMPTS_MAX = 10;
const SWITCH = 'switch';
const UPLINK = 'uplink';
const FAR_END = 'eth0';
/** States of a port of a bridge: with the one it drops all frames that come or are to go. */
const PORT_STATE = { disabled: '0', forwarding: '3' } as const;

/** @throws where this user may not make namespaces, or the tools for it are missing (`unshare`, `nsenter`, `ip`, `bridge`) */
export async function openNetwork(): Promise<Network> {
  await using made = new AsyncDisposableStack();
  const center = made.adopt(await Namespace.create(), (each) => each.close());
  await center.run('ip', 'link', 'add', SWITCH, 'type', 'bridge');
  await center.run('ip', 'link', 'set', SWITCH, 'up');
  const { number, link } = await linkTo(center);
  // Gone with its other end; removed here so that it is gone when this has been closed.
  made.defer(() => run('ip', ['link', 'del', link]).then(() => undefined));
  const near = { address: addressOf(number, 1), hardware: hardwareOf(1) };
  await run('ip', ['address', 'add', `${near.address}/24`, 'dev', link]);
  await run('ip', ['link', 'set', link, 'up']);
  await plug(center, UPLINK);
  let wires = 1;
  const parts = made.move();
  return {
    address: near.address,
    async plugIn() {
      wires += 1;
      const [place, port] = [wires, `port${wires}`];
      const address = addressOf(number, place);
      const hardware = hardwareOf(place);
      const far = parts.adopt(await Namespace.create(), (each) => each.close());
      const peer = ['peer', 'name', FAR_END, 'address', hardware, 'netns', String(far.pid)];
      await center.run('ip', 'link', 'add', port, 'type', 'veth', ...peer);
      await plug(center, port);
      await far.run('ip', 'link', 'set', 'lo', 'up');
      await far.run('ip', 'address', 'add', `${address}/24`, 'dev', FAR_END);
      await far.run('ip', 'link', 'set', FAR_END, 'up');
      // Known for good: who had to ask for it would be told "no route" after some seconds instead of nothing.
      await far.run(...neighbour(near, FAR_END));
      const [command, ...args] = neighbour({ address, hardware }, link);
      await run(command, args);
      return {
        command: far.command,
        async setCut(isCut) {
          const state = isCut ? PORT_STATE.disabled : PORT_STATE.forwarding;
          await center.run('bridge', 'link', 'set', 'dev', port, 'state', state);
        },
      };
    },
    close: () => parts.disposeAsync(),
  };
}

/** A pair of ends, one here and one at the switch, under a number that no other network here has. */
async function linkTo(center: Namespace): Promise<{ number: number; link: string }> {
  for (let attempt = 1; ; attempt += 1) {
    const number = randomInt(NETWORKS_MAX);
    const link = `tollfaults${number}`;
    const ends = ['address', hardwareOf(1), 'type', 'veth', 'peer', 'name', UPLINK];
    try {
      await run('ip', ['link', 'add', link, ...ends, 'netns', String(center.pid)]);
      return { number, link };
    } catch (error) {
      if (attempt === ATTEMPTS_MAX || !String(error).includes('File exists')) throw error;
    }
  }
}

async function plug(center: Namespace, port: string): Promise<void> {
  await center.run('ip', 'link', 'set', port, 'master', SWITCH);
  await center.run('ip', 'link', 'set', port, 'up');
}

function addressOf(network: number, place: number): string {
  return `198.18.${network}.${place}`;
}

/** Locally administered, the same in each network. */
function hardwareOf(place: number): string {
  return `02:00:00:00:00:${place.toString(16).padStart(2, '0')}`;
}

function neighbour(
  { address, hardware }: { readonly address: string; readonly hardware: string },
  link: string,
): [string, ...string[]] {
  return ['ip', 'neighbour', 'replace', address, 'lladdr', hardware, 'dev', link, 'nud', 'permanent'];
}

/** Held by a process that ends when its standard input does, and so with this one. */
class Namespace {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  static async create(): Promise<Namespace> {
    const holder = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'pipe', 'pipe'] });
    const ended = Promise.withResolvers<never>();
    holder.once('error', ended.reject);
    holder.once('close', () => ended.reject(new Error('unshare --net ended')));
    ended.promise.catch(() => undefined);
    holder.stdin.on('error', () => undefined);
    // What comes back comes from inside.
    holder.stdin.write('\n');
    await Promise.race([once(holder.stdout, 'data'), ended.promise]);
    return new Namespace(holder);
  }

  get pid(): number {
    return this.#holder.pid!;
  }

  get command(): readonly string[] {
    return ['nsenter', `--net=/proc/${this.pid}/ns/net`, '--'];
  }

  async run(...args: readonly string[]): Promise<void> {
    const [enter, ...rest] = [...this.command, ...args];
    await run(enter!, rest);
  }

  async close(): Promise<void> {
    if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) return;
    const closed = once(this.#holder, 'close');
    this.#holder.kill('SIGKILL');
    await closed;
  }
}
