/** A loop that never changes: what work costs in turns of it says the same on a machine that is slower or busy with other things. */

/** Slots that the loop reads from, in words: as large as the tables of a small catalog. */
const SLOTS = Uint32Array.from({ length: 1 << 15 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 0);

/** Processor seconds of one turn, at this moment. */
export function secondsPerTurn(turns: number): number {
  return cpuSecondsOf(() => turn(turns)) / turns;
}

export function cpuSecondsOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function turn(turns: number): void {
  const mask = SLOTS.length - 1;
  let state = 1;
  for (let i = 0; i < turns; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) ^ SLOTS[state & mask]!;
  }
  if (state === 0) throw new Error('the loop was left out');
}
