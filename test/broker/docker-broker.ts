/** Apache Kafka in a container, for this test run alone. */
import { KAFKA_VERSION, type RunningBroker } from './broker.ts';
import { runCommand } from './command.ts';
import { findFreePorts } from './probe.ts';

/** @returns why Docker cannot be used here; null when it can. A client without a daemon counts as none. */
export async function missingForDocker(): Promise<string | null> {
  const docker = await runCommand('docker', ['version', '--format', '{{.Server.Version}}'], 10_000);
  return docker.isSuccess ? null : 'no Docker daemon answers';
}

export async function startDockerBroker(): Promise<RunningBroker> {
  const { GenericContainer, Wait } = await import('testcontainers');
  // The broker tells its clients where it is, so the port outside must be known before it starts.
  const [port] = (await findFreePorts(1)) as [number];
  const container = await new GenericContainer(`apache/kafka:${KAFKA_VERSION}`)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_LISTENERS: 'PLAINTEXT://0.0.0.0:9092,CONTROLLER://127.0.0.1:9093',
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@127.0.0.1:9093',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '4',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS: '4',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(120_000)
    .start();
  return {
    brokers: [`127.0.0.1:${port}`],
    description: `Apache Kafka ${KAFKA_VERSION} (Docker, 127.0.0.1:${port})`,
    release: async () => {
      await container.stop();
    },
  };
}
