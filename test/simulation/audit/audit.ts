import type { Catalog } from '@tollstream/catalog';
import {
  CALL_TYPES,
  RATE_TYPES,
  REJECT_CODES,
  RESOLVED_OUTCOMES,
  SUSPEND_CODES,
} from '@tollstream/contracts';
import { USAGE_TABLES } from '@tollstream/usage-store';
import type { UsageTable } from '@tollstream/usage-store';
import { decodeMessage, type AuditedBlock, type Totals } from './block.ts';
import { expectRow, readRaw, UsedPools } from './model.ts';
import type { AuditedCall, Expected, ExpectedRow } from './model.ts';
import { isOfCall, WaitingParts, wholeCall } from './parts.ts';
import type { SourcedPart, WholeCall } from './parts.ts';
import { shown, SpendModel, type SpendEffects } from './spend.ts';

/** What a run left behind, as anybody could read it. */
export interface Remains {
  readonly topics: Readonly<
    Record<'raw' | 'accepted' | 'rejected' | 'rated' | 'suspended' | 'resolved' | 'alerts', string>
  >;
  readonly partitions: number;
  readonly catalogs: readonly Catalog[];
  records(topic: string, partition: number): { offset: number; value: Buffer | null; timestampMs: number }[];
  committed(group: string, topic: string, partition: number): { offset: number; metadata: string } | null;
  /** Cells of every row as the table holds it. */
  stored(table: UsageTable): readonly { readonly cells: readonly string[] }[];
}

/** A row of a block topic, cells by column name. */
interface Row {
  readonly cells: ReadonlyMap<string, string>;
  readonly block: AuditedBlock;
}

/** Most problems told of one run: the first ones say enough. */
const PROBLEMS_MAX = 12;

/** How a part ended that nobody asked for. */
const PUT_TOGETHER = 'was put together with its call';
const DISCARD = '2';

/** Enough to know two sums of a running total apart. */
const ZERO = {
  seen: 0,
  accepted: 0,
  rejected: 0,
  rated: 0,
  suspended: 0,
  duplicate: 0,
  replayed: 0,
  discarded: 0,
  kept: 0,
  assembled: 0,
  alerts: 0,
};

/**
 * Works out from the raw records and the catalogs alone what the run must have left, and compares. Knows nothing of how
 * the services work.
 * @returns what is wrong, in sentences; empty when nothing is
 */
export function audit(remains: Remains): string[] {
  return new Audit(remains).run();
}

/** What the spend limits of a partition must have come to. */
interface Spent {
  readonly model: SpendModel;
  /** By offset of the accepted block. */
  readonly byBlock: Map<number, SpendEffects>;
}

/** How far the model has come in a partition. */
interface Course {
  /** Output of what was taken up again, as long as nothing has accounted for it. */
  readonly again: { readonly rated: Map<string, Row[]>; readonly resolved: Map<string, Row[]> };
  readonly used: UsedPools;
  readonly spent: Spent;
  readonly parts: WaitingParts;
  readonly sums: typeof ZERO;
  readonly charge: Map<string, bigint>;
}

/** A call that parts have become, priced, and the row that names the catalog of its price. */
interface Assembled {
  readonly whole: WholeCall;
  readonly expected: Extract<Expected, { kind: 'rated' }>;
  readonly output: Row;
}

class Audit {
  readonly #remains: Remains;
  readonly #problems: string[] = [];
  readonly #blocks: Record<
    'accepted' | 'rejected' | 'rated' | 'suspended' | 'resolved' | 'alerts',
    AuditedBlock[][]
  >;
  /** Source → how a suspended call was ended. */
  readonly #ended = new Map<string, string>();
  /** Sources of calls that were ever suspended. */
  readonly #suspended: ReadonlySet<string>;
  readonly #calls = new Map<string, AuditedCall>();

  constructor(remains: Remains) {
    this.#remains = remains;
    const read = (topic: string): AuditedBlock[][] =>
      Array.from({ length: remains.partitions }, (_, partition) =>
        remains
          .records(topic, partition)
          .map(({ offset, value }) => decodeMessage(offset, value ?? Buffer.alloc(0))),
      );
    const { accepted, rejected, rated, suspended, resolved, alerts } = remains.topics;
    this.#blocks = {
      accepted: read(accepted),
      rejected: read(rejected),
      rated: read(rated),
      suspended: read(suspended),
      resolved: read(resolved),
      alerts: read(alerts),
    };
    this.#suspended = new Set(bySource(this.#blocks.suspended.flat()).keys());
  }

  run(): string[] {
    for (const [schema, partitions] of Object.entries(this.#blocks))
      for (const blocks of partitions)
        this.#checkHeaders(schema === 'accepted' ? ['call', 'replay'] : [schema], blocks);
    this.#checkIngest();
    for (let partition = 0; partition < this.#remains.partitions; partition += 1)
      this.#checkRating(partition);
    this.#checkRequests();
    for (const topic of ['rated', 'suspended', 'resolved', 'alerts'] as const)
      for (const blocks of this.#blocks[topic]) this.#checkVersions(topic, blocks);
    this.#checkStore('usage', 'rated');
    this.#checkStore('usage_suspended', 'suspended');
    this.#checkStore('usage_resolved', 'resolved');
    this.#checkStore('usage_rejected', 'rejected');
    this.#checkStore('usage_alerts', 'alerts');
    return this.#problems;
  }

  #expect(isRight: boolean, problem: () => string): void {
    if (!isRight && this.#problems.length < PROBLEMS_MAX) this.#problems.push(problem());
  }

  #checkHeaders(schemas: readonly string[], blocks: readonly AuditedBlock[]): void {
    for (const block of blocks) {
      this.#expect(
        schemas.includes(block.schema) && block.recordCount === block.table.rows.length,
        () =>
          `The ${schemas[0]} block at ${block.offset} holds ${block.table.rows.length} rows of ${block.schema}.`,
      );
    }
  }

  /** Each raw record: one accepted row or one rejected row, and the totals say how many. */
  #checkIngest(): void {
    const { topics, partitions, catalogs } = this.#remains;
    const calls = this.#blocks.accepted.flat().filter(({ schema }) => schema === 'call');
    const accepted = bySource(calls);
    const rejected = bySource(this.#blocks.rejected.flat());
    const totals: Totals[][] = [];
    for (let partition = 0; partition < partitions; partition += 1) {
      const sums = { ...ZERO };
      const byOffset: Totals[] = [];
      for (const record of this.#remains.records(topics.raw, partition)) {
        const source = sourceKey(topics.raw, partition, record.offset);
        const expected = readRaw(record.value ?? Buffer.alloc(0), record.timestampMs, catalogs[0]!);
        const asAccepted = accepted.get(source) ?? [];
        const asRejected = rejected.get(source) ?? [];
        this.#expect(
          asAccepted.length + asRejected.length === 1,
          () =>
            `Raw record ${source} was accepted ${asAccepted.length} and rejected ${asRejected.length} times.`,
        );
        sums.seen += 1;
        if (expected.kind === 'call') {
          sums.accepted += 1;
          this.#calls.set(source, expected.call);
          const row = asAccepted[0];
          this.#expect(
            row?.cells.get('call_id') === expected.call.callId &&
              row.cells.get('account_id') === expected.call.account,
            () =>
              `Raw record ${source} is call ${expected.call.callId} of account '${expected.call.account}', accepted as ${row?.cells.get('call_id')} of '${row?.cells.get('account_id')}'.`,
          );
        } else {
          sums.rejected += 1;
          const code = REJECT_CODES[Number(asRejected[0]?.cells.get('code')) - 1];
          this.#expect(
            code === expected.code,
            () => `Raw record ${source} must be rejected as ${expected.code}, was ${code}.`,
          );
        }
        byOffset[record.offset] = { ...sums, charge: {} };
      }
      totals.push(byOffset);
      this.#checkCommitted('ingest', topics.raw, partition, { ...sums, charge: {} });
    }
    for (const { offset, nextOffset, totals: said, table } of [...calls, ...this.#blocks.rejected.flat()]) {
      const partition = Number(cellOf(table, 0, 'source_partition'));
      const records = totals[partition] ?? [];
      const last = records.findLastIndex((each, at) => each !== undefined && at < nextOffset);
      this.#expect(
        sameTotals(said, records[last]),
        () =>
          `The ingest block at ${offset} says ${JSON.stringify(said)}; up to ${nextOffset} of raw partition ${partition} it is ${JSON.stringify(records[last])}.`,
      );
    }
  }

  /** Each accepted call, in order: a duplicate, or priced or suspended as the model says. */
  #checkRating(partition: number): void {
    const { topics } = this.#remains;
    const rated = bySource(this.#blocks.rated[partition]!.filter(({ isReplay }) => !isReplay));
    const again = {
      rated: bySource(this.#blocks.rated[partition]!.filter(({ isReplay }) => isReplay)),
      resolved: bySource(this.#blocks.resolved[partition]!),
    };
    const suspended = bySource(this.#blocks.suspended[partition]!);
    const seen = new Set<string>();
    const course: Course = {
      again,
      used: new UsedPools(),
      spent: { model: new SpendModel(), byBlock: new Map() },
      parts: new WaitingParts(),
      sums: { ...ZERO },
      charge: new Map(),
    };
    const { used, spent, sums, charge } = course;
    /** By offset of the input: after its own calls, and after each step in which parts were put together. */
    const byOffset: Totals[][] = [];
    for (const block of this.#blocks.accepted[partition]!) {
      if (block.schema === 'replay') {
        byOffset[block.offset] = this.#checkReplay(block, course);
        continue;
      }
      const assembled: Assembled[] = [];
      for (const row of rowsOf(block)) {
        const source = sourceOf(row);
        const asRated = rated.get(source) ?? [];
        const asSuspended = suspended.get(source) ?? [];
        rated.delete(source);
        suspended.delete(source);
        const call = this.#calls.get(source);
        sums.seen += 1;
        if (call === undefined) continue;
        const { part } = call;
        const record = part === null ? call.identity : `${call.identity}\0${part.number} ${part.isLast}`;
        const isFirst = !seen.has(record);
        seen.add(record);
        this.#expect(
          asRated.length + asSuspended.length === (isFirst ? 1 : 0),
          () =>
            `${isFirst ? 'Call' : 'Duplicate'} ${call.callId} (${source}) was rated ${asRated.length} and suspended ${asSuspended.length} times.`,
        );
        const output = asRated[0] ?? asSuspended[0];
        if (!isFirst) sums.duplicate += 1;
        else if (output !== undefined && part !== null) {
          const { code, whole } = this.#arrive({ source, call }, output, course);
          sums.suspended += 1;
          this.#checkOutput(call, { kind: 'suspended', code }, asRated[0], asSuspended[0]);
          if (whole !== null) assembled.push(whole);
        } else if (output !== undefined) {
          const expected = this.#priced(call, output, used);
          if (expected === null) continue;
          sums[expected.kind] += 1;
          if (expected.kind === 'rated') {
            const { currency } = expected.row;
            charge.set(currency, (charge.get(currency) ?? 0n) + expected.row.charge);
            sums.alerts += this.#spend(call, expected.row, output, block.offset, spent);
          }
          this.#checkOutput(call, expected, asRated[0], asSuspended[0]);
        }
      }
      const after = [{ ...sums, charge: texts(charge) }];
      after.push(...this.#checkAssembled(assembled, new Set(), block.offset, course));
      byOffset[block.offset] = after;
    }
    for (const source of [
      ...rated.keys(),
      ...suspended.keys(),
      ...again.rated.keys(),
      ...again.resolved.keys(),
    ])
      this.#expect(
        false,
        () => `Output of rating partition ${partition} for ${source}, which was not accepted there.`,
      );
    this.#checkCommitted('rating', topics.accepted, partition, { ...sums, charge: texts(charge) });
    this.#checkSpend(partition, spent);
    for (const block of [
      ...this.#blocks.rated[partition]!,
      ...this.#blocks.suspended[partition]!,
      ...this.#blocks.resolved[partition]!,
      ...this.#blocks.alerts[partition]!,
    ]) {
      const { firstOffset, isReplay, totals } = block;
      const steps = byOffset[firstOffset] ?? [];
      // The calls of the input themselves are its first step.
      const wanted = isReplay ? steps : steps.slice(0, 1);
      this.#expect(
        wanted.some((each) => sameTotals(totals, each)),
        () =>
          `The ${block.schema} block at ${partition}/${block.offset} says ${JSON.stringify(totals)}; after input ${firstOffset} it is ${JSON.stringify(wanted)}.`,
      );
    }
  }

  /** A part that comes for the first time: it waits, and with it the call may be whole and have a price. */
  #arrive(
    part: SourcedPart,
    output: Row,
    course: Course,
  ): { readonly code: string; readonly whole: Assembled | null } {
    if (!this.#remains.catalogs[0]!.accounts.has(part.call.account))
      return { code: 'account_unknown', whole: null };
    course.parts.add(part);
    const result = this.#putTogether(course.parts.of(part.call, []), output, course);
    if (typeof result === 'string') return { code: result, whole: null };
    return { code: 'partial_incomplete', whole: result };
  }

  /** @returns why the call is none yet, or the call, whose parts then wait no longer */
  #putTogether(
    parts: readonly SourcedPart[],
    output: Row,
    { used, parts: waiting }: Course,
  ): string | Assembled {
    const whole = wholeCall(parts);
    if (whole === null) return 'partial_incomplete';
    const tried = this.#priced(whole.call, output, used.copy());
    if (tried?.kind === 'suspended') return tried.code;
    if (waiting.isRated(whole.call)) return 'partial_incomplete';
    const expected = this.#priced(whole.call, output, used);
    if (expected?.kind !== 'rated') return 'partial_incomplete';
    waiting.rate(whole);
    return { whole, expected, output };
  }

  /**
   * Each call that was put together: one rated row, which is that of its first part, and a resolution for each part.
   * @param asked sources of parts that were taken up, and are resolved with what else was
   * @returns the totals after each step: one for each raw partition, as the parts name them
   */
  #checkAssembled(
    assembled: readonly Assembled[],
    asked: ReadonlySet<string>,
    offset: number,
    { again, spent, sums, charge }: Course,
  ): Totals[] {
    const partitionOf = ({ source }: SourcedPart): string => source.slice(0, source.lastIndexOf('/'));
    const steps: Totals[] = [];
    for (const raw of new Set(assembled.flatMap(({ whole }) => whole.parts.map(partitionOf)))) {
      for (const { whole, expected, output } of assembled) {
        const [first] = whole.parts;
        if (partitionOf(first!) !== raw) continue;
        const rows = again.rated.get(first!.source) ?? [];
        again.rated.delete(first!.source);
        this.#expect(
          rows.length === 1,
          () => `Call ${whole.call.callId}, whose parts have all come, was rated ${rows.length} times.`,
        );
        sums.rated += 1;
        const { currency } = expected.row;
        charge.set(currency, (charge.get(currency) ?? 0n) + expected.row.charge);
        sums.alerts += this.#spend(whole.call, expected.row, output, offset, spent);
        if (rows[0] !== undefined) this.#checkOutput(whole.call, expected, rows[0], undefined);
      }
      for (const part of assembled.flatMap(({ whole }) => whole.parts)) {
        if (partitionOf(part) !== raw || asked.has(part.source)) continue;
        const outcome = outcomeOf(part.call);
        sums.replayed += 1;
        if (outcome === 'assembled') sums.assembled += 1;
        this.#checkResolution(part.source, takeFirst(again.resolved, part.source), { outcome, code: '' });
        this.#ended.set(part.source, PUT_TOGETHER);
      }
      steps.push({ ...sums, charge: texts(charge) });
    }
    return steps;
  }

  #checkResolution(
    source: string,
    resolved: Row | undefined,
    { outcome, code }: { readonly outcome: string; readonly code: string },
  ): void {
    const said = RESOLVED_OUTCOMES[Number(resolved?.cells.get('outcome')) - 1];
    const saidCode = resolved?.cells.get('code');
    this.#expect(
      said === outcome && saidCode === code,
      () => `Call ${source} must be ${outcome} ${code}; it is ${said} ${saidCode}.`,
    );
  }

  /**
   * Each suspended call that was taken up: rated as the model says, given up, or kept for want of a price or of further parts; none after
   * its end, but for parts that were put together since they were asked for.
   * @returns the totals after its own calls, and after each step in which parts were put together
   */
  #checkReplay(block: AuditedBlock, course: Course): Totals[] {
    const { again, used, spent, parts, sums, charge } = course;
    const rows = rowsOf(block);
    const askedParts = rows.flatMap((row): SourcedPart[] => {
      const source = sourceOf(row);
      const call = this.#calls.get(source);
      const isPart = call !== undefined && call.part !== null && row.cells.get('action') !== DISCARD;
      return isPart ? [{ source, call }] : [];
    });
    const results: { readonly call: AuditedCall; readonly result: string | Assembled }[] = [];
    const resolvedHere = new Set<string>();
    for (const row of rows) {
      const source = sourceOf(row);
      const call = this.#calls.get(source);
      const wasSuspended = this.#suspended.has(source);
      const ended = this.#ended.get(source);
      this.#expect(
        wasSuspended && (ended === undefined || ended === PUT_TOGETHER),
        () => `Call ${source} was taken up at ${block.offset}, and it ${ended ?? 'was never suspended'}.`,
      );
      sums.replayed += 1;
      const resolved = takeFirst(again.resolved, source);
      this.#expect(
        resolved !== undefined,
        () => `Call ${source}, taken up at ${block.offset}, is not resolved.`,
      );
      if (call === undefined || resolved === undefined) continue;
      const isDiscard = row.cells.get('action') === DISCARD;
      if (call.part !== null) {
        const isKnown = this.#remains.catalogs[0]!.accounts.has(call.account);
        let wanted: { outcome: 'rated' | 'assembled' | 'discarded' | 'kept'; code: string };
        if (isDiscard && !parts.waits(source) && parts.isRated(call))
          wanted = { outcome: 'kept', code: 'call_rated' };
        else if (isDiscard) {
          parts.giveUp(source);
          wanted = { outcome: 'discarded', code: '' };
        } else if (!isKnown) wanted = { outcome: 'kept', code: 'account_unknown' };
        else {
          let tried = results.find((each) => isOfCall(each.call, call));
          if (tried === undefined) {
            const asked = askedParts.filter((each) => isOfCall(each.call, call));
            tried = { call, result: this.#putTogether(parts.of(call, asked), resolved, course) };
            results.push(tried);
          }
          const { result } = tried;
          if (typeof result === 'string') wanted = { outcome: 'kept', code: result };
          else {
            resolvedHere.add(source);
            wanted = { outcome: outcomeOf(call), code: '' };
          }
        }
        this.#checkResolution(source, resolved, wanted);
        // The call itself is counted with its row.
        if (wanted.outcome !== 'rated') sums[wanted.outcome] += 1;
        if (wanted.outcome !== 'kept') this.#ended.set(source, `was ${wanted.outcome} before`);
        continue;
      }
      const expected = isDiscard ? null : this.#priced(call, resolved, used);
      const outcome = expected === null ? 'discarded' : expected.kind === 'rated' ? 'rated' : 'kept';
      sums[outcome] += 1;
      if (outcome !== 'kept') this.#ended.set(source, `was ${outcome} before`);
      const code = expected?.kind === 'suspended' ? expected.code : '';
      this.#checkResolution(source, resolved, { outcome, code });
      if (expected?.kind !== 'rated') continue;
      const ratedRows = again.rated.get(source) ?? [];
      again.rated.delete(source);
      this.#expect(
        ratedRows.length === 1,
        () => `Call ${source}, taken up, was rated ${ratedRows.length} times.`,
      );
      charge.set(expected.row.currency, (charge.get(expected.row.currency) ?? 0n) + expected.row.charge);
      sums.alerts += this.#spend(call, expected.row, resolved, block.offset, spent);
      if (ratedRows[0] !== undefined) this.#checkOutput(call, expected, ratedRows[0], undefined);
    }
    const assembled = results.flatMap(({ result }) => (typeof result === 'string' ? [] : [result]));
    const after = [{ ...sums, charge: texts(charge) }];
    after.push(...this.#checkAssembled(assembled, resolvedHere, block.offset, course));
    return after;
  }

  /** @returns how many alerts the call must cause */
  #spend(
    call: AuditedCall,
    row: ExpectedRow,
    output: Row,
    offset: number,
    { model, byBlock }: Spent,
  ): number {
    const version = Number(output.cells.get('catalog_version'));
    const catalog = this.#remains.catalogs.find((each) => each.version === version)!;
    const { starts, alerts } = model.add(call, row, catalog, offset);
    const ofBlock = byBlock.get(offset) ?? { starts: [], alerts: [] };
    ofBlock.starts.push(...starts);
    ofBlock.alerts.push(...alerts.map((alert) => `${alert} by ${version}`));
    byBlock.set(offset, ofBlock);
    return alerts.length;
  }

  /** The alerts of each block, each once, and the limits that its header says begin to count. */
  #checkSpend(partition: number, { byBlock }: Spent): void {
    const said = new Map<number, SpendEffects>();
    const of = (offset: number): SpendEffects => {
      const effects = said.get(offset) ?? { starts: [], alerts: [] };
      said.set(offset, effects);
      return effects;
    };
    for (const { firstOffset, limitStarts } of this.#blocks.rated[partition]!)
      for (const { account, limit, form } of limitStarts)
        of(firstOffset).starts.push(`${account} ${limit} ${form === '' ? 'ends' : 'starts'}`);
    const ids = new Set<string>();
    for (const block of this.#blocks.alerts[partition]!)
      for (const row of rowsOf(block)) {
        of(block.firstOffset).alerts.push(this.#alertText(row));
        const id = row.cells.get('alert_id')!;
        this.#expect(!ids.has(id), () => `Alert ${id} was given twice.`);
        ids.add(id);
      }
    for (const offset of new Set([...byBlock.keys(), ...said.keys()])) {
      const { starts: wantedStarts = [], alerts: wantedAlerts = [] } = byBlock.get(offset) ?? {};
      const { starts, alerts } = of(offset);
      this.#expect(
        sameTexts(wantedStarts, starts) && sameTexts(wantedAlerts, alerts),
        () =>
          `Spend limits of accepted block ${partition}/${offset} must be: ${[...wantedStarts, ...wantedAlerts].join('; ')}; they are: ${[...starts, ...alerts].join('; ')}.`,
      );
    }
  }

  /** What the row says, in the words of the model; its window is told by what the account's clock shows from its begin to its end. */
  #alertText({ cells }: Row): string {
    const cell = (name: string): string => cells.get(name) ?? '';
    const account = this.#remains.catalogs[0]!.accounts.get(cell('account_id'))!;
    const window = (['hour', 'day', 'month'] as const)[Number(cell('window')) - 1]!;
    const at = (name: string, offsetMs = 0): string =>
      shown(Number(cell(name)) + offsetMs, window, account.timeZone);
    const name = at('window_start');
    const isWhole =
      at('window_start', -1) !== name && at('window_end', -1) === name && at('window_end') !== name;
    const key = `${cell('account_id')} ${cell('limit_id')} ${window} ${name}${isWhole ? '' : ' cut'}`;
    return `${key} ${cell('threshold_percent')} ${cell('limit_amount')}: ${cell('spent')} ${cell('currency')} with ${cell('call_id')} of ${cell('charge')} since ${cell('counted_from')} by ${cell('catalog_version')}`;
  }

  /** Who asks counts what was ever asked for; as much was published, and resolved. */
  #checkRequests(): void {
    const counted = (blocks: AuditedBlock[][], schema: string): number =>
      blocks
        .flat()
        .filter((block) => block.schema === schema)
        .reduce((sum, { table }) => sum + table.rows.length, 0);
    const requested = this.#remains.committed('suspense', this.#remains.topics.accepted, 0)?.offset ?? 0;
    const published = counted(this.#blocks.accepted, 'replay');
    // Parts that were put together when the last one came: nobody asked for them.
    const asked = this.#blocks.resolved.flat().flatMap(rowsOf);
    const resolved = asked.filter(({ cells }) => cells.get('run') !== '').length;
    this.#expect(
      requested === published && published === resolved,
      () => `${requested} suspended calls were asked for, ${published} published, ${resolved} resolved.`,
    );
  }

  #priced(call: AuditedCall, output: Row, used: UsedPools): Expected | null {
    const version = Number(output.cells.get('catalog_version'));
    const catalog = this.#remains.catalogs.find((each) => each.version === version);
    this.#expect(catalog !== undefined, () => `Call ${call.callId} names the catalog version ${version}.`);
    return catalog === undefined ? null : expectRow(call, catalog, used);
  }

  #checkOutput(
    call: AuditedCall,
    expected: Expected,
    rated: Row | undefined,
    suspended: Row | undefined,
  ): void {
    const said = rated === undefined ? suspendedRow(suspended) : ratedRow(rated);
    const wanted =
      expected.kind === 'suspended'
        ? `suspended ${expected.code}`
        : Object.entries(expected.row)
            .map(([name, value]) => `${name} ${value}`)
            .join(', ');
    this.#expect(said === wanted, () => `Call ${call.callId} must be: ${wanted}; it is: ${said}.`);
  }

  /** One transaction is priced by one catalog: its messages lie side by side, a control record ends them. */
  #checkVersions(topic: string, blocks: readonly AuditedBlock[]): void {
    let last: AuditedBlock | undefined;
    for (const block of blocks) {
      const rows = new Set(rowsOf(block).map(({ cells }) => Number(cells.get('catalog_version'))));
      this.#expect(
        rows.size === 1 && rows.has(block.catalogVersion),
        () =>
          `The ${topic} block at ${block.offset} of catalog ${block.catalogVersion} holds rows of ${[...rows].join(', ')}.`,
      );
      const isSameBatch = last?.offset === block.offset - 1;
      this.#expect(
        !isSameBatch || last?.catalogVersion === block.catalogVersion,
        () =>
          `The ${topic} blocks at ${last?.offset} and ${block.offset} are of one batch and of two catalogs.`,
      );
      last = block;
    }
  }

  /** Each row of the topic stands in the table once, cell for cell, and nothing else does. */
  #checkStore(table: UsageTable, topic: 'rated' | 'suspended' | 'resolved' | 'rejected' | 'alerts'): void {
    const { columns } = USAGE_TABLES[table];
    const missing = new Map<string, number>();
    let written = 0;
    this.#blocks[topic].forEach((blocks, partition) => {
      let ofPartition = 0;
      for (const block of blocks) {
        ofPartition += block.table.rows.length;
        for (const { cells } of rowsOf(block)) {
          const text = columns.map((name) => cells.get(name)).join('\u0001');
          missing.set(text, (missing.get(text) ?? 0) + 1);
        }
      }
      written += ofPartition;
      const name = this.#remains.topics[topic];
      const note = this.#remains.committed('aggregator', name, partition);
      const said =
        note === null ? { rows: 0 } : (readNote(note.metadata) as Record<string, unknown> | undefined);
      this.#expect(
        said !== undefined && said['rows'] === ofPartition && said['boundary'] === undefined,
        () =>
          `The aggregator's note of ${name}/${partition} is ${note?.metadata}; the partition holds ${ofPartition} rows.`,
      );
    });
    let surplus = 0;
    const stored = this.#remains.stored(table);
    for (const { cells } of stored) {
      const text = cells.join('\u0001');
      const left = missing.get(text) ?? 0;
      if (left === 0) surplus += 1;
      else if (left === 1) missing.delete(text);
      else missing.set(text, left - 1);
    }
    this.#expect(
      missing.size === 0 && surplus === 0,
      () =>
        `${table} holds ${stored.length} rows of the ${written} on the stream: ${missing.size} are missing, ${surplus} are too many.`,
    );
  }

  #checkCommitted(group: string, topic: string, partition: number, expected: Totals): void {
    const committed = this.#remains.committed(group, topic, partition);
    const said = committed === null ? undefined : (readNote(committed.metadata) as Totals | undefined);
    const isNothing = committed === null && expected.seen === 0;
    this.#expect(
      isNothing || sameTotals(said, expected),
      () =>
        `The position of ${group} on ${topic}/${partition} says ${committed?.metadata}; it is ${JSON.stringify(expected)}.`,
    );
  }
}

/** What becomes of a part whose call was rated: the first one stands for the call. */
function outcomeOf({ part }: AuditedCall): 'rated' | 'assembled' {
  return part?.number === 1 ? 'rated' : 'assembled';
}

function takeFirst(rows: Map<string, Row[]>, source: string): Row | undefined {
  const ofSource = rows.get(source) ?? [];
  const first = ofSource.shift();
  if (ofSource.length === 0) rows.delete(source);
  return first;
}

function readNote(metadata: string): unknown {
  try {
    return JSON.parse(metadata);
  } catch {
    return undefined;
  }
}

function ratedRow({ cells }: Row): string {
  const cell = (name: string): string => cells.get(name) ?? '';
  return [
    `callType ${CALL_TYPES[Number(cell('call_type')) - 1]}`,
    `rateType ${RATE_TYPES[Number(cell('rate_type')) - 1]}`,
    `month ${cell('billing_month')}`,
    `tariff ${cell('tariff')}`,
    `prefix ${cell('prefix')}`,
    `pool ${cell('pool')}`,
    `billableSeconds ${cell('billable_seconds')}`,
    `includedSeconds ${cell('included_seconds')}`,
    `pools ${poolsText(cell('price_detail'))}`,
    `charge ${cell('charge')}`,
    `currency ${cell('currency')}`,
  ].join(', ');
}

function poolsText(detail: string): string {
  if (detail === '') return '';
  const { pools = [] } = JSON.parse(detail) as { pools?: string[][] };
  return pools.map((took) => took.join(' ')).join('; ');
}

function suspendedRow(row: Row | undefined): string {
  return `suspended ${SUSPEND_CODES[Number(row?.cells.get('code')) - 1]}`;
}

function rowsOf(block: AuditedBlock): Row[] {
  const { names, rows } = block.table;
  return rows.map((row) => ({ cells: new Map(names.map((name, i) => [name, row[i]!])), block }));
}

function cellOf({ names, rows }: AuditedBlock['table'], row: number, name: string): string {
  return rows[row]?.[names.indexOf(name)] ?? '';
}

function bySource(blocks: readonly AuditedBlock[]): Map<string, Row[]> {
  const found = new Map<string, Row[]>();
  for (const row of blocks.flatMap(rowsOf)) {
    const source = sourceOf(row);
    const same = found.get(source);
    if (same === undefined) found.set(source, [row]);
    else same.push(row);
  }
  return found;
}

function sourceOf({ cells }: Row): string {
  return sourceKey(
    cells.get('source_topic') ?? '',
    Number(cells.get('source_partition')),
    Number(cells.get('source_offset')),
  );
}

function sourceKey(topic: string, partition: number, offset: number): string {
  return `${topic}/${partition}/${offset}`;
}

function sameTotals(said: Totals | undefined, expected: Totals | undefined): boolean {
  if (said?.charge === undefined || expected === undefined) return false;
  const counts = Object.keys(ZERO) as (keyof typeof ZERO)[];
  const currencies = new Set([...Object.keys(said.charge), ...Object.keys(expected.charge)]);
  return (
    counts.every((name) => said[name] === expected[name]) &&
    [...currencies].every((name) => (said.charge[name] ?? '0') === (expected.charge[name] ?? '0'))
  );
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return JSON.stringify(a.toSorted()) === JSON.stringify(b.toSorted());
}

function texts(charge: ReadonlyMap<string, bigint>): Record<string, string> {
  return Object.fromEntries([...charge].map(([currency, sum]) => [currency, sum.toString()]));
}
