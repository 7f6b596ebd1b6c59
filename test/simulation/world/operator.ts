import { DIRECTIONS, DISPOSITIONS, SUSPEND_CODES } from '@tollstream/contracts';
import type { CallEvent } from '@tollstream/contracts';
import { USAGE_TABLES } from '@tollstream/usage-store';
import type { UsageTable } from '@tollstream/usage-store';
import { takeUp } from '../../../packages/cli/src/suspense/take-up.ts';
import type {
  SuspendedCall,
  SuspenseTable,
  TakeUpOptions,
} from '../../../packages/cli/src/suspense/take-up.ts';
import { BrokerClient } from './broker-client.ts';
import type { SimulatedBroker } from './broker.ts';
import type { SimulatedEngine } from './engine.ts';
import { TOPICS, type Seams } from './pipeline.ts';
import { SimulatedProcess } from './virtual-time.ts';
import type { Wire } from './wire.ts';

const CALLS_MAX = 6;
const RATE_MISSING = String(SUSPEND_CODES.indexOf('rate_missing') + 1);

/** Which of the open calls a command takes. */
interface Look {
  /** So many are passed over. */
  readonly first: number;
  readonly onlyWithoutRate: boolean;
}

interface OperatorParts {
  readonly wire: Wire;
  readonly broker: SimulatedBroker;
  readonly engine: SimulatedEngine;
  readonly seams: Seams;
}

/** People who take suspended calls up again, now and then at the same time, and whose commands die as any process does. */
export class SimulatedOperators {
  readonly #parts: OperatorParts;
  #asked = 0;

  constructor(parts: OperatorParts) {
    this.#parts = parts;
  }

  start(): void {
    const { wire } = this.#parts;
    const next = (): void => {
      if (!wire.faults.isOn) return;
      this.#ask();
      if (wire.random.chance(0.4)) this.#ask();
      wire.time.schedule(null, wire.random.between(200, 1_500), next);
    };
    wire.time.schedule(null, 5_000, next);
  }

  #ask(): void {
    const { wire, broker, seams } = this.#parts;
    const { random, time, faults } = wire;
    this.#asked += 1;
    const process = new SimulatedProcess(`operator.${this.#asked}`);
    const action = random.chance(0.3) ? 'discard' : 'replay';
    const requestedAt = broker.wallClockMs;
    const run = `run-${this.#asked}`;
    // Some begin with the oldest, some look for what has got a rate meanwhile.
    const look: Look = { first: random.between(0, 3), onlyWithoutRate: random.chance(0.4) };
    time.schedule(process, 0, () => {
      const right: TakeUpOptions = {
        log: new BrokerClient(broker, process),
        table: this.#table(look),
        topic: TOPICS.accepted,
        group: 'suspense',
        request: { action, reason: 'simulated', requestedBy: process.name, requestedAt, run },
        catalogVersion: 0,
        callsMax: CALLS_MAX,
        until: async (condition) => {
          if (!(await condition())) throw new Error('What was asked for before is not resolved yet.');
        },
      };
      void takeUp(seams.suspense?.(right) ?? right).then(
        ({ calls }) => faults.trace(`${process.name}: ${action} of ${calls} calls`),
        (error: unknown) => faults.trace(`${process.name}: ${error instanceof Error ? error.message : ''}`),
      );
    });
  }

  /** What the tables say at this instant: `usage_suspense`, worked out here. */
  #table({ first, onlyWithoutRate }: Look): SuspenseTable {
    const { engine } = this.#parts;
    const rowsOf = (table: UsageTable): ReadonlyMap<string, string>[] =>
      engine
        .rows(table)
        .map(({ cells }) => new Map(USAGE_TABLES[table].columns.map((name, i) => [name, cells[i]!])));
    return {
      // Parts that were put together without anybody asking are resolved, too.
      resolutions: () =>
        Promise.resolve(rowsOf('usage_resolved').filter((row) => row.get('run') !== '').length),
      open: (after, limit) => {
        // One command takes one look: calls from some way on.
        if (after !== null) return Promise.resolve([]);
        const closed = new Set(
          rowsOf('usage_resolved')
            .filter((row) => row.get('outcome') !== '3')
            .map(sourceOf),
        );
        const open = rowsOf('usage_suspended')
          .filter((row) => !closed.has(sourceOf(row)))
          .filter((row) => !onlyWithoutRate || row.get('code') === RATE_MISSING);
        return Promise.resolve(open.slice(first, first + limit).map(callOf));
      },
    };
  }
}

function sourceOf(row: ReadonlyMap<string, string>): string {
  return ['source_topic', 'source_partition', 'source_offset'].map((name) => row.get(name)).join('/');
}

function callOf(row: ReadonlyMap<string, string>): SuspendedCall {
  const text = (name: string): string => row.get(name) ?? '';
  const number = (name: string): number => Number(row.get(name));
  const disposition = DISPOSITIONS[number('disposition') - 1]!;
  const call: CallEvent = {
    callId: text('call_id'),
    switchId: text('switch_id'),
    leg: number('leg'),
    direction: DIRECTIONS[number('direction') - 1]!,
    from: '',
    to: '',
    startedAt: number('started_at'),
    answeredAt: disposition === 'answered' ? number('answered_at') : null,
    endedAt: number('ended_at'),
    disposition,
    account: null,
    extension: text('extension'),
    device: text('device'),
    trunk: text('trunk'),
    chargedParty: text('charged_party'),
    originalTo: text('original_destination'),
    routingNumber: text('routing_number'),
    parentCallId: text('parent_call_id'),
    partialSequence: number('partial_sequence'),
    redirectingNumber: null,
  };
  return {
    call,
    attribution: {
      accountId: text('account_id'),
      origin: { number: number('origin_number'), text: text('origin_text') },
      destination: { number: number('destination_number'), text: text('destination_text') },
      direction: call.direction,
      routingNumber: text('routing_number'),
    },
    source: {
      topic: text('source_topic'),
      partition: number('source_partition'),
      offset: number('source_offset'),
    },
  };
}
