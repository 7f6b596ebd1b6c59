/** A broker that tests may use. */
export interface RunningBroker {
  /** `host:port` of each, without security. */
  readonly brokers: readonly string[];
  /** `host:port` of a listener that demands SASL (PLAIN or SCRAM-SHA-512); absent where there is none. */
  readonly saslBroker?: string;
  /** For people: `Apache Kafka 4.2.0 (Java, 127.0.0.1:9092)`. */
  readonly description: string;
  /** Ends what this test run alone started; a broker that is kept for the next run stays. */
  readonly release: () => Promise<void>;
}

/** Credentials that the SASL listener of a broker started here accepts. */
export const SASL_USER = { username: 'tollstream', password: 'tollstream-test' } as const;

export const KAFKA_VERSION = '4.2.0';
