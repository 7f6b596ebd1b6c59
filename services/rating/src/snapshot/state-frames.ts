/**
 * The state of a partition as frames of a snapshot. It belongs to two positions of the input, since identities are copied while rating
 * goes on:
 *
 *   from   where the copy began: identities of blocks before it are in the snapshot
 *   to     where it ended: all else is as of here
 *
 * Output of blocks from `from` on is folded into the window again, which changes nothing for what is there; output of blocks from `to` on
 * into everything. Which input block an output belongs to stands in its header, so no exact output offset needs to be known.
 */
import type { RunningTotals } from '@tollstream/contracts';
import type { Frame, FrameWriter } from '@tollstream/event-log';
import type { DedupeLimits, WindowBounds } from '../dedupe-window.ts';
import type { Part } from '../open-parts.ts';
import type { SpendTable } from '../spend-table.ts';
import type { RatingState } from '../state.ts';

/**
 * Goes up with every change of what the frames hold or mean, and of how identities (`callIdentities`) and contents (`callContents`) of calls
 * are made.
 */
export const STATE_SCHEMA = 1;

export const OUTPUTS = ['rated', 'suspended', 'resolved', 'alerts'] as const;
export type Output = (typeof OUTPUTS)[number];

const KIND = { head: 1, identities: 2, end: 3, allowances: 4, parts: 5, spend: 6 } as const;
/** Entries of one frame of text. */
const ENTRIES_MAX = 10_000;

/** What a snapshot belongs to. */
export interface SnapshotSource {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** Ids of the topics, which change when one is deleted and created again. */
  readonly topicIds: Readonly<Record<'accepted' | Output, string>>;
  /** What a window holds depends on them. */
  readonly limits: DedupeLimits;
}

export interface SnapshotHead {
  readonly schema: number;
  readonly source: SnapshotSource;
  readonly from: number;
  /** Offsets at or before the first output of a block from `from` on. */
  readonly outputs: Readonly<Record<Output, number>>;
  readonly window: { readonly bounds: WindowBounds; readonly size: number };
}

export interface SnapshotEnd {
  readonly to: number;
  readonly totals: RunningTotals;
  readonly bounds: WindowBounds;
}

export async function writeHead(writer: FrameWriter, head: SnapshotHead): Promise<void> {
  await writer.frame(KIND.head, json(head));
}

export async function writeIdentities(writer: FrameWriter, piece: Uint32Array): Promise<void> {
  if (piece.length === 0) return;
  await writer.frame(KIND.identities, Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
}

/** All but the identities, as of now. It is put into text and written later, chunk by chunk, so that the next batch need not wait for that. */
export function restOf(state: RatingState, to: number): (writer: FrameWriter) => Promise<void> {
  const { window, totals } = state;
  const end: SnapshotEnd = { to, totals, bounds: window.bounds };
  const copied: readonly (readonly [kind: number, rows: readonly (readonly unknown[])[]])[] = [
    [KIND.allowances, [...chunks(allowanceRows(state))]],
    [KIND.parts, [...chunks(state.parts.all(window).map(partRow))]],
    [KIND.spend, [...chunks(counterRows(state.spend))]],
  ];
  return async (writer) => {
    await writer.frame(KIND.end, json(end));
    for (const [kind, rows] of copied) for (const chunk of rows) await writer.frame(kind, json(chunk));
  };
}

/**
 * @param state an empty one
 * @param accept says of the head why the snapshot is not to be used; null = it is
 * @returns head and end; the reason where it was not accepted
 */
export async function readState(
  frames: AsyncIterable<Frame>,
  state: RatingState,
  accept: (head: SnapshotHead) => string | null,
): Promise<{ readonly head: SnapshotHead; readonly end: SnapshotEnd } | string> {
  let head: SnapshotHead | null = null;
  let end: SnapshotEnd | null = null;
  let window: ReturnType<RatingState['window']['load']> | null = null;
  for await (const { kind, content } of frames) {
    if (kind === KIND.head) {
      head = parse(content) as SnapshotHead;
      const refusal = accept(head);
      if (refusal !== null) return refusal;
      window = state.window.load(head.window.bounds, head.window.size);
    } else if (kind === KIND.identities) {
      window!.take(new Uint32Array(content.buffer, content.byteOffset, content.length / 4));
    } else if (kind === KIND.allowances) {
      for (const [account, counter, billingMonth, device, number, amount] of parse(content) as AllowanceRow[])
        state.allowances.of(account).addEntry({ counter, billingMonth, device, number, amount });
    } else if (kind === KIND.parts) {
      for (const row of parse(content) as PartRow[]) state.parts.add(partOf(row), state.window);
    } else if (kind === KIND.spend) {
      for (const row of parse(content) as CounterRow[]) addCounter(state.spend, row);
    } else if (kind === KIND.end) {
      end = parse(content) as SnapshotEnd;
      window!.end(end.bounds);
    }
  }
  return { head: head!, end: end! };
}

type AllowanceRow = [
  account: string,
  counter: string,
  billingMonth: number,
  device: string,
  number: number,
  amount: number,
];

function allowanceRows({ allowances }: RatingState): AllowanceRow[] {
  const rows: AllowanceRow[] = [];
  allowances.each((...row) => rows.push(row));
  return rows;
}

/** A part with its cells as JSON can hold them: words of a hash in an array. */
type PartRow = Omit<Part, 'cells'> & {
  readonly cells: readonly (readonly [name: string, cell: string | number | readonly number[]])[];
};

function partRow({ cells, ...part }: Part): PartRow {
  return {
    ...part,
    cells: Object.entries(cells).map(([name, cell]) => [name, typeof cell === 'object' ? [...cell] : cell]),
  };
}

function partOf({ cells, ...part }: PartRow): Part {
  const entries = cells.map(([name, cell]) => [name, Array.isArray(cell) ? Uint32Array.from(cell) : cell]);
  return { cells: Object.fromEntries(entries) as Part['cells'], ...part };
}

interface CounterRow {
  readonly account: string;
  readonly limit: string;
  readonly form: string;
  readonly since: number;
  readonly isWhole: boolean;
  /** Null: nothing counted yet. */
  readonly latestMs: number | null;
  /** A sum is text: it may be beyond 2^53. */
  readonly windows: readonly (readonly [
    startMs: number,
    endMs: number,
    sum: string,
    alerted: readonly string[],
  ])[];
}

function* counterRows(spend: SpendTable): Generator<CounterRow> {
  for (const { latestMs, windows, ...counter } of spend.counters())
    yield {
      ...counter,
      latestMs: latestMs === -Infinity ? null : latestMs,
      windows: windows.map(({ startMs, endMs, sum, alerted }) => [startMs, endMs, String(sum), alerted]),
    };
}

function addCounter(spend: SpendTable, row: CounterRow): void {
  const counter = spend.begin(row.account, row.limit, row.form, row.since);
  spend.setWhole(counter, row.isWhole);
  if (row.latestMs !== null) spend.setLatest(counter, row.latestMs);
  for (const [startMs, endMs, sum, alerted] of row.windows) {
    const window = spend.addWindow(counter, startMs, endMs, BigInt(sum));
    for (const key of alerted) spend.alert(window, key);
  }
}

function* chunks<Entry>(entries: Iterable<Entry>): Generator<Entry[]> {
  let chunk: Entry[] = [];
  for (const entry of entries) {
    chunk.push(entry);
    if (chunk.length < ENTRIES_MAX) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** Checked by its sum when it was read: it is what was written under this schema. */
function parse(content: Buffer): unknown {
  return JSON.parse(content.toString());
}
