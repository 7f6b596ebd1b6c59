import { SNAPSHOTS_KEPT, type SnapshotPlace, type SnapshotStore } from './port.ts';
import { nextName, snapshotNames } from './snapshot-names.ts';

export interface MemorySnapshots extends SnapshotStore {
  /** By name, oldest first; tests change them. */
  files(place: SnapshotPlace): Map<string, Buffer>;
}

/** Snapshots that last as long as this object: tests and simulation. */
export function createMemorySnapshots(): MemorySnapshots {
  const places = new Map<string, Map<string, Buffer>>();
  const files = ({ group, topic, partition }: SnapshotPlace): Map<string, Buffer> => {
    const key = JSON.stringify([group, topic, partition]);
    const found = places.get(key) ?? new Map<string, Buffer>();
    places.set(key, found);
    return found;
  };
  const namesOf = (place: SnapshotPlace): string[] => snapshotNames([...files(place).keys()]);
  return {
    files,
    list: async (place) => namesOf(place),
    async open(place, name) {
      const file = files(place).get(name);
      if (file === undefined) throw new Error(`There is no snapshot ${name}.`);
      return {
        name,
        bytes: file.length,
        read: async (position, length) => {
          const bytes = file.subarray(position, position + length);
          const own = Buffer.allocUnsafeSlow(bytes.length);
          bytes.copy(own);
          return own;
        },
        close: async () => undefined,
      };
    },
    async create(place) {
      const pieces: Buffer[] = [];
      return {
        append: async (bytes) => {
          for (const each of bytes) pieces.push(Buffer.from(each));
        },
        async complete() {
          // Nobody writes beside: the same calls give the same names.
          files(place).set(nextName(namesOf(place), '000000'), Buffer.concat(pieces));
          for (const name of namesOf(place).slice(SNAPSHOTS_KEPT)) files(place).delete(name);
        },
        discard: async () => undefined,
      };
    },
  };
}
