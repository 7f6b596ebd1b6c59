import { asError, EventLogError } from '../errors.ts';
import { ClaimLostError } from '../port.ts';

/** Answers of the broker to a producer or member whose place another one took. */
const FENCED_TYPES = new Set([
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'REBALANCE_IN_PROGRESS',
]);
/** PRODUCER_FENCED is newer than kafkajs' list of errors, so only its number comes through. */
const FENCED_MESSAGE = 'Unknown error code 90';
const CREDENTIAL_TYPES = new Set([
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
]);
const TOO_LARGE_TYPES = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);
const TLS_CODE = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|EPROTO)/;
const TLS_MESSAGE = /certificate|wrong version number|SSL routines|TLS connection/i;
const CONNECTION_NAMES = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSBrokerNotFound',
  'KafkaJSLockTimeout',
  'KafkaJSMetadataNotLoaded',
]);

interface KafkaFailure {
  readonly name: string;
  readonly message: string;
  readonly type: string;
  readonly code: string;
  readonly isRetriable: boolean;
}

/** Says what a failure of kafkajs means: a claim lost, something a person must change, or something to wait for. */
export function explainKafkaError(error: unknown, brokers: readonly string[]): Error {
  const inner = ownError(error);
  if (inner) return inner;
  const failures = causes(error);
  if (!failures.some(({ name }) => name.startsWith('KafkaJS'))) return asError(error);
  const has = (test: (failure: KafkaFailure) => boolean): boolean => failures.some(test);
  const detail = failures.at(-1)?.message ?? String(error);
  const where = brokers.join(', ');

  if (has(({ type, message }) => FENCED_TYPES.has(type) || message.includes(FENCED_MESSAGE))) {
    return new ClaimLostError(`Another owner took the partition (${detail}).`);
  }
  if (has(({ name, type }) => name === 'KafkaJSSASLAuthenticationError' || CREDENTIAL_TYPES.has(type))) {
    return new EventLogError({
      code: 'TOLL_KAFKA_CREDENTIALS',
      message: `The broker ${where} refuses the user name or password (${detail}).`,
      remedy: 'Correct the SASL mechanism, user name and password in the configuration.',
      cause: error,
    });
  }
  if (has(({ code, message }) => TLS_CODE.test(code) || TLS_MESSAGE.test(message))) {
    return new EventLogError({
      code: 'TOLL_KAFKA_TLS',
      message: `No TLS connection to ${where} (${detail}).`,
      remedy:
        'Name the certificate authority that signed the broker’s certificate, or turn TLS off for a plaintext listener.',
      cause: error,
    });
  }
  if (has(({ type }) => type.endsWith('AUTHORIZATION_FAILED'))) {
    return new EventLogError({
      code: 'TOLL_KAFKA_NOT_AUTHORIZED',
      message: `The broker does not let this user do that (${detail}).`,
      remedy:
        'Grant READ, WRITE and DESCRIBE on the topics, READ on the group, and WRITE on transactional ids that begin with the group.',
      cause: error,
    });
  }
  if (has(({ type }) => TOO_LARGE_TYPES.has(type))) {
    return new EventLogError({
      code: 'TOLL_KAFKA_MESSAGE_TOO_LARGE',
      message: `The broker refuses a message as too large (${detail}).`,
      remedy:
        'Raise max.message.bytes of the topic (block topics take 67108864); `tollstream topics create` sets it on new ones.',
      cause: error,
    });
  }
  if (has(({ name, code }) => CONNECTION_NAMES.has(name) || code === 'ECONNREFUSED')) {
    return new EventLogError({
      code: 'TOLL_KAFKA_UNREACHABLE',
      message: `No Kafka broker answers at ${where} (${detail}).`,
      remedy:
        'Start the broker or correct its address; a TLS or SASL listener needs those settings too. Work goes on by itself.',
      retriable: true,
      cause: error,
    });
  }
  // kafkajs marks its own errors as not retriable once it has given up; a new attempt from outside is another matter.
  return Object.assign(new Error(detail, { cause: error }), { name: asError(error).name });
}

export function isFailureOfType(error: unknown, type: string): boolean {
  return causes(error).some((failure) => failure.type === type);
}

/**
 * Whether the broker answered that it cannot yet: not the leader, none elected, a coordinator that loads. Not about a topic that it does
 * not know, which kafkajs takes for one that is about to be made.
 */
export function isBrokerNotReady(error: unknown): boolean {
  return causes(error).some(
    ({ name, type, isRetriable }) =>
      name === 'KafkaJSProtocolError' && isRetriable && type !== 'UNKNOWN_TOPIC_OR_PARTITION',
  );
}

/** An error of ours that kafkajs wrapped on its way out. */
function ownError(error: unknown): Error | undefined {
  let current = error;
  for (let depth = 0; depth < 10 && current instanceof Error; depth += 1) {
    if (current instanceof EventLogError || current instanceof ClaimLostError) return current;
    current = current.cause;
  }
  return undefined;
}

/** The error and what caused it, outermost first. */
function causes(error: unknown): KafkaFailure[] {
  const failures: KafkaFailure[] = [];
  let current = error;
  while (typeof current === 'object' && current !== null && failures.length < 10) {
    const { name, message, type, code, retriable, cause, errors } = current as Record<string, unknown>;
    failures.push({
      name: text(name),
      message: text(message),
      type: text(type),
      code: text(code),
      isRetriable: retriable === true,
    });
    current = cause ?? (Array.isArray(errors) ? (errors as unknown[])[0] : undefined);
  }
  return failures;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
