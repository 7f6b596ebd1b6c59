import { createMemorySnapshots } from '@tollstream/event-log';
import type { MemorySnapshots, SnapshotPlace, SnapshotStore, StoredSnapshot } from '@tollstream/event-log';
import type { Step } from './faults.ts';
import type { SimulatedProcess } from './virtual-time.ts';
import type { Wire } from './wire.ts';

const PROBABILITY = { failed: 0.02, damaged: 0.1 };

/** A directory of snapshots that all rating processes share, on a disk that fails and forgets. */
export class SimulatedDisk {
  readonly #wire: Wire;
  readonly #files: MemorySnapshots = createMemorySnapshots();

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** The directory as one process reaches it. */
  of(process: SimulatedProcess): SnapshotStore {
    const request = async <T>(step: Step, effect: () => Promise<T>): Promise<T> =>
      this.#wire.request(process, step, () => {
        if (this.#wire.faults.strikes('snapshot failed', PROBABILITY.failed, step))
          throw new Error('The disk of snapshots failed (simulated).');
        const done = effect();
        // Whoever asked may be gone when it fails: another owner has removed the file that was to be opened.
        done.catch(() => undefined);
        return done;
      });
    return {
      list: (place) => request('snapshot read', () => this.#files.list(place)),
      open: (place, name) =>
        request('snapshot read', async () =>
          this.#damagedAtRandom(await this.#files.open(place, name), place, name),
        ),
      create: (place) =>
        request('snapshot write', async () => {
          const draft = await this.#files.create(place);
          return {
            append: (bytes) => request('snapshot write', () => draft.append(bytes)),
            complete: () => request('snapshot complete', () => draft.complete()),
            discard: () => draft.discard(),
          };
        }),
    };
  }

  /** What the disk holds is read, but for a byte that is another one, or an end that is missing. */
  async #damagedAtRandom(sound: StoredSnapshot, place: SnapshotPlace, name: string): Promise<StoredSnapshot> {
    const { faults, random } = this.#wire;
    if (!faults.strikes('snapshot damaged', PROBABILITY.damaged, `${place.partition} ${name}`)) return sound;
    const at = random.between(0, sound.bytes - 1);
    const isCut = random.chance(0.5);
    return {
      ...sound,
      bytes: isCut ? at : sound.bytes,
      read: async (position, length) => {
        const bytes = await sound.read(position, length);
        if (isCut) return bytes.subarray(0, Math.max(0, at - position));
        if (at >= position && at < position + bytes.length)
          bytes[at - position]! ^= 1 << random.between(0, 7);
        return bytes;
      },
    };
  }
}
