/** Records as no switch should write them, with what becomes of each. One line of a file each. */

export interface Trap {
  readonly what: string;
  readonly bytes: Buffer;
  /** `rated`, `duplicate`, `rejected <code>` or `suspended <code>`. */
  readonly outcome: string;
}

const STARTED_AT = Date.UTC(2020, 0, 15, 12);
const ANSWERED_AT = STARTED_AT + 5_000;
const MIB = 1_048_576;

const CALL = {
  switch_id: 'pbx-1',
  leg: 0,
  direction: 'outbound',
  from: '+12125550100',
  to: '+12125550199',
  started_at: STARTED_AT,
  answered_at: ANSWERED_AT,
  ended_at: ANSWERED_AT + 60_000,
  disposition: 'answered',
  account: 'riverside-dental',
};

function call(what: string, outcome: string, fields: Readonly<Record<string, unknown>> = {}): Trap {
  return raw(what, outcome, JSON.stringify({ ...CALL, call_id: what, ...fields }));
}

function raw(what: string, outcome: string, bytes: string | Buffer): Trap {
  return { what, outcome, bytes: Buffer.from(bytes) };
}

function withByte(trap: Trap, placeholder: string, byte: number): Trap {
  const at = trap.bytes.indexOf(placeholder);
  const bytes = Buffer.from(trap.bytes);
  bytes[at] = byte;
  return { ...trap, bytes };
}

/** In the order of the file; a good call comes first, last, and between. */
export const TRAPS: readonly Trap[] = [
  call('a good call', 'rated'),
  raw('prose', 'rejected unreadable', 'the quick brown fox'),
  raw('a cut record', 'rejected unreadable', '{"call_id": "cut", "switch_id": "pb'),
  raw('a list', 'rejected unreadable', '[1, 2]'),
  raw('an empty object', 'rejected call_id_missing', '{}'),
  raw('a JSON bomb of objects', 'rejected too_deep', `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`),
  raw('a JSON bomb of lists', 'rejected too_deep', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
  call('a line of 10 MB', 'rejected too_large', { trunk: 'x'.repeat(10 * MIB) }),
  call('a good call behind it', 'rated'),
  withByte(call('no UTF-8', 'rejected invalid_utf8', { trunk: '~' }), '~', 0xff),
  call('no call id', 'rejected call_id_missing', { call_id: '' }),
  call('a direction that is none', 'rejected field_invalid', { direction: 'sideways' }),
  call('a negative leg', 'rejected field_invalid', { leg: -1 }),
  call('answered without a time', 'rejected field_missing', { answered_at: null }),
  call('end before start', 'rejected ends_before_start', {
    answered_at: STARTED_AT,
    ended_at: STARTED_AT - 1,
  }),
  call('answered before start', 'rejected answered_outside_call', { answered_at: STARTED_AT - 1 }),
  call('an absurd duration', 'rejected duration_absurd', { ended_at: STARTED_AT + 30 * 86_400_000 }),
  call('a far future', 'rejected starts_in_future', {
    started_at: Date.UTC(2250, 0, 1),
    answered_at: Date.UTC(2250, 0, 1),
    ended_at: Date.UTC(2250, 0, 1, 1),
  }),
  call('a time before all times', 'rejected time_invalid', { started_at: -5 }),
  call('a time beyond all times', 'rejected time_invalid', { ended_at: 1e300 }),
  call('an account nobody knows', 'suspended account_unknown', { account: 'nobody' }),
  call('a caller nobody knows', 'suspended account_unknown', { account: null, from: '+442071838750' }),
  call('a destination no tariff has', 'suspended destination_unknown', { to: '+88213123456' }),
  call('a destination that is none', 'suspended number_invalid', { to: '+999123456789' }),
  call('a destination without digits', 'suspended number_invalid', { to: 'hello' }),
  call('a partial record', 'suspended partial_incomplete', { partial_sequence: 2 }),
  call('a good call', 'duplicate'),
  call('a good call at the end', 'rated'),
];

export function trapFile(): Buffer {
  return Buffer.concat(TRAPS.flatMap(({ bytes }) => [bytes, Buffer.from('\n')]));
}

/** The mark of an object container, and nothing behind it that could be its header. */
export const BROKEN_AVRO = Buffer.from('Obj\u0001 and then the disk was full');
