import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { asError, EventLogError, topicMissing } from '../errors.ts';
import { SEVERAL_BATCHES_AT_A_TIME } from '../local/local-store.ts';
import type {
  Cursor,
  LocalStore,
  Position,
  ReadLimits,
  ReadResult,
  StoreCommit,
  StoreMove,
} from '../local/local-store.ts';
import { ClaimLostError, type Committed, type Offset, type TopicInfo, type TopicSpec } from '../port.ts';
import { type PackedRecords, joinRecords } from '../packed-records.ts';
import { releaseMemory } from '../release-memory.ts';
import { codeOfFileError, corrupt, explainDataError } from './data-errors.ts';
import { FILE_SEGMENT_BYTES_MIN, SegmentFiles } from './segment-files.ts';
import { packOutputs, packSegments, SegmentReader, type Segment } from './segment.ts';

const APPLICATION_ID = 0x546f_6c6c;
/** 2: large segments lie in files. A directory of version 1 becomes one of 2 when its owner opens it; what it holds stays where it is. */
const STORE_VERSION = 2;
const BUSY_TIMEOUT_MS = 5_000;
/** Each commit writes some five pages, each of them once more when they go back into the file. */
const PAGE_BYTES = 4_096;
/** The write-ahead log goes back into the file once it holds this much. */
const CHECKPOINT_BYTES = 64 * 1024 * 1024;

/** Where the file of segments ends by what is committed. */
const FILES_SCHEMA = `
  CREATE TABLE segment_files (
    topic INTEGER NOT NULL, partition INTEGER NOT NULL, file INTEGER NOT NULL, bytes INTEGER NOT NULL,
    PRIMARY KEY (topic, partition, file)
  ) WITHOUT ROWID;
`;

// next_offset leads to the segment that holds an offset in one index step.
const SCHEMA = `
  CREATE TABLE topics (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    uuid TEXT NOT NULL,
    partitions INTEGER NOT NULL
  );
  CREATE TABLE ends (
    topic INTEGER NOT NULL, partition INTEGER NOT NULL, next_offset INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)
  ) WITHOUT ROWID;
  CREATE TABLE segments (
    topic INTEGER NOT NULL, partition INTEGER NOT NULL, next_offset INTEGER NOT NULL, first_offset INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (topic, partition, next_offset)
  );
  ${FILES_SCHEMA}
  CREATE TABLE positions (
    group_name TEXT NOT NULL, topic INTEGER NOT NULL, partition INTEGER NOT NULL,
    epoch INTEGER NOT NULL, next_offset INTEGER, metadata TEXT,
    PRIMARY KEY (group_name, topic, partition)
  ) WITHOUT ROWID;
`;

/**
 * owner: the one process that runs on the data. guest: appends to topics that there are, also while an owner works. reader: looks
 * on.
 */
export type DataAccess = 'owner' | 'guest' | 'reader';

interface TopicRow extends TopicInfo {
  readonly row: number;
}

/** Keeps a log in a SQLite file, with a write-ahead log that is synced before every acknowledgement, and large segments in files beside it. */
export class SqliteStore implements LocalStore {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #access: DataAccess;
  readonly #files: SegmentFiles;
  readonly #statements = new Map<string, StatementSync>();
  /** The owner alone creates and deletes topics, so it may remember them; a reader asks each time. */
  readonly #topics = new Map<string, TopicRow>();

  /**
   * @param limits.pagesMax most pages the database may take; absent: as the disk allows
   * @param limits.fileBytesMax a file of segments that has this much takes no more
   */
  constructor(
    directory: string,
    access: DataAccess,
    limits: { readonly pagesMax?: number; readonly fileBytesMax?: number } = {},
  ) {
    this.#path = join(directory, 'log.sqlite');
    this.#access = access;
    if (access !== 'owner' && !existsSync(this.#path)) {
      throw new EventLogError({
        code: 'TOLL_DATA_MISSING',
        message: `There is no event log in ${directory}.`,
        remedy: 'Name the data directory of an earlier run with --data, or start one with `tollstream run`.',
      });
    }
    this.#database = openDatabase(this.#path, access);
    this.#files = new SegmentFiles(directory, limits.fileBytesMax);
    if (access === 'owner') this.#ownFiles();
    if (limits.pagesMax !== undefined) this.#database.exec(`PRAGMA max_page_count = ${limits.pagesMax}`);
  }

  topic(name: string): TopicInfo | undefined {
    return this.#findTopic(name);
  }

  createTopic(spec: TopicSpec): void {
    this.#assertOwner();
    this.#write(() => {
      const { lastInsertRowid } = this.#sql(
        'INSERT INTO topics (name, uuid, partitions) VALUES (?, ?, ?)',
      ).run(spec.name, randomUUID(), spec.partitions);
      for (let partition = 0; partition < spec.partitions; partition += 1) {
        this.#sql('INSERT INTO ends (topic, partition, next_offset) VALUES (?, ?, 0)').run(
          lastInsertRowid,
          partition,
        );
      }
    });
  }

  deleteTopic(name: string): void {
    this.#assertOwner();
    const { row } = this.#topic(name);
    this.#write(() => {
      for (const table of ['segments', 'segment_files', 'ends', 'positions']) {
        this.#sql(`DELETE FROM ${table} WHERE topic = ?`).run(row);
      }
      this.#sql('DELETE FROM topics WHERE id = ?').run(row);
    });
    this.#topics.delete(name);
    this.#files.remove(row);
  }

  bounds(topic: string, partition: number): { begin: Offset; end: Offset } {
    const { row } = this.#topic(topic);
    const found = this.#guard(() =>
      this.#sql('SELECT next_offset FROM ends WHERE topic = ? AND partition = ?').get(row, partition),
    );
    return { begin: 0, end: Number(found?.['next_offset'] ?? 0) };
  }

  committed({ group, topic, partition }: Position): Committed | null {
    const { row } = this.#topic(topic);
    const found = this.#guard(() =>
      this.#sql(
        'SELECT next_offset, metadata FROM positions WHERE group_name = ? AND topic = ? AND partition = ?',
      ).get(group, row, partition),
    );
    if (found === undefined || found['next_offset'] === null) return null;
    return { offset: Number(found['next_offset']), metadata: String(found['metadata']) };
  }

  takeClaim({ group, topic, partition }: Position): number {
    const { row } = this.#topic(topic);
    let epoch = 0;
    this.#write(() => {
      const found = this.#sql(
        `INSERT INTO positions (group_name, topic, partition, epoch) VALUES (?, ?, ?, 1)
         ON CONFLICT (group_name, topic, partition) DO UPDATE SET epoch = epoch + 1 RETURNING epoch`,
      ).get(group, row, partition);
      epoch = Number(found?.['epoch']);
    });
    return epoch;
  }

  commit(position: Position, epoch: number, step: StoreCommit): void {
    const { nextOffset, metadata } = step;
    this.#write(() => {
      this.#move({ position, epoch, nextOffset, metadata });
      for (const outputs of step.outputs) this.#append(outputs, packSegments(outputs.records, step.nowMs));
      if (step.packed !== undefined) this.#append(step.packed, packOutputs(step.packed, step.nowMs));
      this.#nameGrownFiles();
    });
  }

  commitPositions(moves: readonly StoreMove[]): void {
    this.#write(() => {
      for (const move of moves) this.#move(move);
    });
  }

  cursor(topic: string, partition: number, { oneBatchAtATime } = SEVERAL_BATCHES_AT_A_TIME): Cursor {
    let segment: SegmentReader | undefined;
    let segmentEnd: Offset = 0;
    /** What the batch that was read last stands in, and no later one will. */
    let readOut: { release(): void }[] = [];
    const release = (): void => {
      if (oneBatchAtATime) for (const each of readOut) each.release();
      readOut = [];
    };
    const joined = (pieces: readonly PackedRecords[]): PackedRecords => {
      const records = joinRecords(pieces);
      if (pieces.length < 2) return records;
      // The pieces were copied.
      release();
      readOut.push({ release: () => releaseMemory(records.bytes) });
      return records;
    };
    const read = (from: Offset, limits: ReadLimits): ReadResult => {
      release();
      const pieces: PackedRecords[] = [];
      let left = limits;
      let position = from;
      while (position < left.to && left.recordsMax > 0 && left.bytesMax > 0) {
        if (segment === undefined || segment.offset > position || segmentEnd <= position) {
          const found = this.#segment(topic, partition, position);
          if (segment !== undefined) readOut.push(segment);
          segment = undefined;
          if (found === undefined) return { records: joined(pieces), nextOffset: limits.to };
          segment = found.reader;
          segmentEnd = found.nextOffset;
        }
        segment.skipTo(position);
        const piece = segment.read(left);
        pieces.push(piece);
        left = {
          to: left.to,
          recordsMax: left.recordsMax - piece.count,
          bytesMax: left.bytesMax - piece.bytes.length,
        };
        position = segment.offset;
      }
      if (segment?.isAtEnd) {
        readOut.push(segment);
        segment = undefined;
      }
      return { records: joined(pieces), nextOffset: position };
    };
    return { read };
  }

  close(): void {
    this.#files.close();
    this.#statements.clear();
    this.#database.close();
  }

  /** The fence and the offset are one statement: a commit of a past owner changes no row, and is rolled back whole. */
  #move({ position: { group, topic, partition }, epoch, nextOffset, metadata }: StoreMove): void {
    const { row } = this.#topic(topic);
    const { changes } = this.#sql(
      `UPDATE positions SET next_offset = ?, metadata = ?
       WHERE group_name = ? AND topic = ? AND partition = ? AND epoch = ?`,
    ).run(nextOffset, metadata, group, row, partition, epoch);
    if (changes !== 1)
      throw new ClaimLostError(`Another owner took ${group} on ${topic}/${partition}.`, partition);
  }

  #append(
    { topic, partition }: { readonly topic: string; readonly partition: number },
    segments: Iterable<Segment>,
  ): void {
    const { row } = this.#topic(topic);
    let nextOffset = this.bounds(topic, partition).end;
    const insert = this.#sql(
      'INSERT INTO segments (topic, partition, next_offset, first_offset, bytes) VALUES (?, ?, ?, ?, ?)',
    );
    for (const { count, bytes } of segments) {
      const isLarge = this.#access === 'owner' && bytes.length >= FILE_SEGMENT_BYTES_MIN;
      const stored = isLarge ? this.#files.append({ topic: row, partition }, bytes) : bytes;
      insert.run(row, partition, nextOffset + count, nextOffset, stored);
      nextOffset += count;
    }
    this.#sql('UPDATE ends SET next_offset = ? WHERE topic = ? AND partition = ?').run(
      nextOffset,
      row,
      partition,
    );
  }

  /** 1 the bytes are synced → 2 the transaction names them → 3 it is committed. */
  #nameGrownFiles(): void {
    for (const { topic, partition, file, bytes } of this.#files.sync()) {
      this.#sql(
        `INSERT INTO segment_files (topic, partition, file, bytes) VALUES (?, ?, ?, ?)
         ON CONFLICT (topic, partition, file) DO UPDATE SET bytes = excluded.bytes`,
      ).run(topic, partition, file, bytes);
    }
  }

  #ownFiles(): void {
    try {
      const known = this.#sql(
        'SELECT topic, partition, file, bytes FROM segment_files ORDER BY topic, partition, file',
      ).all();
      this.#files.own(
        known.map((row) => ({
          topic: Number(row['topic']),
          partition: Number(row['partition']),
          file: Number(row['file']),
          bytes: Number(row['bytes']),
        })),
      );
    } catch (error) {
      this.close();
      throw error instanceof RangeError || isMissing(error)
        ? corrupt(this.#path, asError(error).message, error)
        : explainDataError(error, this.#path);
    }
  }

  #segment(
    topic: string,
    partition: number,
    offset: Offset,
  ): { reader: SegmentReader; nextOffset: Offset } | undefined {
    const { row } = this.#topic(topic);
    const found = this.#guard(() =>
      this.#sql(
        `SELECT first_offset, next_offset, bytes FROM segments
         WHERE topic = ? AND partition = ? AND next_offset > ? ORDER BY next_offset LIMIT 1`,
      ).get(row, partition, offset),
    );
    if (found === undefined) return undefined;
    const firstOffset = Number(found['first_offset']);
    try {
      const stored = found['bytes'] as Uint8Array;
      return {
        reader: new SegmentReader(this.#files.read({ topic: row, partition }, stored), firstOffset),
        nextOffset: Number(found['next_offset']),
      };
    } catch (error) {
      if (codeOfFileError(error) !== null && !isMissing(error)) throw explainDataError(error, this.#path);
      throw corrupt(
        this.#path,
        `${topic}/${partition} at offset ${firstOffset}: ${asError(error).message}`,
        error,
      );
    }
  }

  #topic(name: string): TopicRow {
    const found = this.#findTopic(name);
    if (!found) throw topicMissing([name]);
    return found;
  }

  #findTopic(name: string): TopicRow | undefined {
    const remembered = this.#topics.get(name);
    if (remembered) return remembered;
    const found = this.#guard(() =>
      this.#sql('SELECT id, uuid, partitions FROM topics WHERE name = ?').get(name),
    );
    if (found === undefined) return undefined;
    const topic = {
      name,
      row: Number(found['id']),
      id: String(found['uuid']),
      partitions: Number(found['partitions']),
    };
    if (this.#access === 'owner') this.#topics.set(name, topic);
    return topic;
  }

  /** The owner remembers its topics. */
  #assertOwner(): void {
    if (this.#access !== 'owner') throw readOnly(this.#path);
  }

  #write(work: () => void): void {
    if (this.#access === 'reader') throw readOnly(this.#path);
    this.#guard(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        work();
        this.#database.exec('COMMIT');
        this.#files.committed();
      } catch (error) {
        this.#files.rolledBack();
        // SQLite has rolled back by itself after some errors (disk full, for one).
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  #sql(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (!statement) {
      statement = this.#database.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw explainDataError(error, this.#path);
    }
  }
}

/** A file is not there. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function readOnly(path: string): EventLogError {
  return new EventLogError({
    code: 'TOLL_LOG_READ_ONLY',
    message: `${path} is not opened for this kind of change.`,
    remedy: 'Let the process that owns the data directory do the work.',
  });
}

function openDatabase(path: string, access: DataAccess): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: access === 'reader', timeout: BUSY_TIMEOUT_MS });
    checkVersion(database, path);
    if (access === 'owner') prepareForWriting(database);
    if (access === 'guest') database.exec('PRAGMA synchronous = FULL');
    return database;
  } catch (error) {
    database?.close();
    throw explainDataError(error, path);
  }
}

function prepareForWriting(database: DatabaseSync): void {
  const version = pragma(database, 'user_version');
  const isNew = version === 0;
  if (isNew) database.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
  const pageBytes = pragma(database, 'page_size');
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_BYTES / pageBytes};
    PRAGMA journal_size_limit = ${CHECKPOINT_BYTES};
  `);
  if (version === STORE_VERSION) return;
  database.exec(`
    BEGIN IMMEDIATE;
    ${isNew ? SCHEMA : FILES_SCHEMA}
    PRAGMA application_id = ${APPLICATION_ID};
    PRAGMA user_version = ${STORE_VERSION};
    COMMIT;
  `);
}

function checkVersion(database: DatabaseSync, path: string): void {
  const version = pragma(database, 'user_version');
  const application = pragma(database, 'application_id');
  const tables = Number(database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n']);
  if (application !== APPLICATION_ID && tables > 0) {
    throw new EventLogError({
      code: 'TOLL_DATA_FOREIGN',
      message: `${path} is a database of another program.`,
      remedy: 'Choose an empty data directory with --data.',
    });
  }
  if (version > STORE_VERSION) {
    throw new EventLogError({
      code: 'TOLL_DATA_NEWER',
      message: `${path} was written by a newer Tollstream (store version ${version}; this one knows ${STORE_VERSION}).`,
      remedy: 'Update Tollstream, or choose another data directory with --data.',
    });
  }
}

function pragma(database: DatabaseSync, name: 'user_version' | 'application_id' | 'page_size'): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
