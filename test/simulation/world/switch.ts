import type { SimulatedBroker } from './broker.ts';
import type { Faults } from './faults.ts';
import type { Random } from './random.ts';
import { EPOCH_MS, type VirtualTime } from './virtual-time.ts';

const HOUR_MS = 3_600_000;
const PROBABILITY = { duplicate: 0.1, reorder: 0.15, poison: 0.05, partLate: 0.15, partLost: 0.04 };

/** Written as users and gateways write them. */
const DESTINATIONS = [
  '2125550142',
  '+12125550171',
  '+16175550123',
  '16175550188',
  '+14155550134',
  '+17875551234',
  '+442079460018',
  '011442079460018',
  '+447400123456',
  '+551133334444',
  '+5511912345678',
  '+81312345678',
  '+4930123456',
  '911',
  '101',
];

/** A switch and its gateway: publishes calls at least once, some in parts, in no order, and now and then what is no call. */
export class SimulatedSwitch {
  readonly #parts: { broker: SimulatedBroker; faults: Faults; random: Random; time: VirtualTime };
  #waiting = 0;
  #published = 0;

  constructor(parts: { broker: SimulatedBroker; faults: Faults; random: Random; time: VirtualTime }) {
    this.#parts = parts;
  }

  /** Records on the log, copies included. */
  get published(): number {
    return this.#published;
  }

  get isDone(): boolean {
    return this.#waiting === 0;
  }

  /**
   * Publishes so many calls, spread over the time.
   * @param longCalls further ones, each reported in parts
   */
  start(load: { calls: number; longCalls: number; spreadMs: number; topic: string }): void {
    const { faults, random } = this.#parts;
    const { calls, longCalls, spreadMs, topic } = load;
    for (let i = 0; i < calls; i += 1) {
      const isPoisoned = faults.strikes('record poisoned', PROBABILITY.poison);
      const value = isPoisoned ? this.#makePoison(i) : Buffer.from(JSON.stringify(this.#makeCall(i)));
      this.#publish(topic, (spreadMs * i) / calls, value);
    }
    for (let i = 0; i < longCalls; i += 1) {
      // One that never comes leaves the others waiting for ever, unless a person gives them up.
      const sent = this.#makeParts(i).filter(() => !faults.strikes('part lost', PROBABILITY.partLost));
      for (const [number, part] of sent.entries()) {
        // Lost on the way and found again, when the others have waited for long.
        const isFoundLater = faults.strikes('part late', PROBABILITY.partLate);
        const afterMs =
          number * random.between(0, 4_000) + (isFoundLater ? random.between(15_000, 40_000) : 0);
        this.#publish(topic, (spreadMs * i) / longCalls + afterMs, Buffer.from(JSON.stringify(part)));
      }
    }
  }

  /** Once, or as often as a gateway repeats itself. */
  #publish(topic: string, dueMs: number, value: Buffer): void {
    const { broker, faults, random } = this.#parts;
    const { partitions } = broker.store.topic(topic)!;
    const place = { topic, partition: random.between(0, partitions - 1) };
    const isLate = faults.strikes('publish reordered', PROBABILITY.reorder);
    const atMs = dueMs + (isLate ? random.between(100, 15_000) : 0);
    this.#publishAt(atMs, place, value);
    while (faults.strikes('publish duplicated', PROBABILITY.duplicate)) {
      // A retry goes where the first went, a replayed gateway elsewhere.
      const elsewhere = random.chance(0.5) ? place : { topic, partition: random.between(0, partitions - 1) };
      this.#publishAt(atMs + random.between(1, 20_000), elsewhere, value);
    }
  }

  #publishAt(delayMs: number, place: { topic: string; partition: number }, value: Buffer): void {
    this.#waiting += 1;
    this.#parts.time.schedule(null, delayMs, () => {
      this.#waiting -= 1;
      this.#published += 1;
      this.#parts.broker.publish(place.topic, place.partition, value);
    });
  }

  #makeCall(number: number): Record<string, unknown> {
    const { random } = this.#parts;
    const account = random.between(0, 9);
    const own = account === 9 ? '+12125559999' : `+1212555010${account}`;
    const isInbound = random.chance(0.15);
    const startedAt = EPOCH_MS - random.between(-6 * HOUR_MS, 30 * HOUR_MS);
    const answeredAt = random.chance(0.85) ? startedAt + random.between(0, 20_000) : null;
    const durationMs = random.chance(0.2)
      ? random.pick([0, 1, 29_999, 30_000, 30_001, 60_000, 89_999, 90_000])
      : random.between(1, 600_000);
    return {
      call_id: `call-${number}`,
      switch_id: random.chance(0.9) ? 'switch-a' : 'switch-b',
      direction: isInbound ? 'inbound' : 'outbound',
      from: isInbound ? '+16175550199' : own,
      to: isInbound ? own : random.pick(DESTINATIONS),
      started_at: startedAt,
      ...(answeredAt === null ? {} : { answered_at: answeredAt }),
      ended_at: (answeredAt ?? startedAt) + (answeredAt === null ? random.between(0, 30_000) : durationMs),
      device: `phone-${random.between(1, 2)}`,
      ...(random.chance(0.03) ? { account: 'nobody' } : {}),
    };
  }

  /** The parts of a long call in their order: each goes on where the one before ended, and the last one says that it is. */
  #makeParts(number: number): Record<string, unknown>[] {
    const { random } = this.#parts;
    const call = this.#makeCall(number);
    // Whither the first version has no rate: all parts come, and the call has no price until somebody asks under a later one.
    if (call['direction'] === 'outbound' && random.chance(0.3)) call['to'] = '+81312345678';
    const count = random.between(2, 4);
    // A switch that rings for long reports that, too.
    const rings = random.chance(0.15);
    let beginMs = Number(call['started_at']);
    return Array.from({ length: count }, (_, i) => {
      const endMs = beginMs + random.between(1, 300_000);
      const isAnswered = !(rings && i === 0);
      const part = {
        ...call,
        call_id: `long-${number}`,
        started_at: beginMs,
        answered_at: isAnswered ? beginMs + (i === 0 ? random.between(0, endMs - beginMs) : 0) : undefined,
        ended_at: endMs,
        partial_sequence: i + 1,
        ...(i === count - 1 ? { partial_last: true } : {}),
      };
      beginMs = endMs;
      return part;
    });
  }

  #makePoison(number: number): Buffer {
    const { random } = this.#parts;
    const call = this.#makeCall(number);
    const startedAt = Number(call['started_at']);
    return random.pick([
      () => Buffer.from('{"call_id": "cut'),
      () => Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
      () => Buffer.from('[]'),
      () => Buffer.from(JSON.stringify({ ...call, call_id: '' })),
      () => Buffer.from(JSON.stringify({ ...call, ended_at: startedAt - 1, answered_at: undefined })),
      () =>
        Buffer.from(
          JSON.stringify({
            ...call,
            started_at: startedAt + 400 * HOUR_MS,
            ended_at: startedAt + 400 * HOUR_MS,
            answered_at: undefined,
          }),
        ),
    ])();
  }
}
