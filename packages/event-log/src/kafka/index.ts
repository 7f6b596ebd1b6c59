/** Apart from the rest, because its client is slow to load: only what speaks to Kafka does. */
export { openKafkaEventLog, type KafkaEventLogOptions } from './kafka-event-log.ts';
