export interface KafkaOptions {
  /** `host:port` of at least one broker. */
  readonly brokers: readonly string[];
  readonly clientId?: string;
  /** True: the system's certificate authorities. */
  readonly tls?: boolean | { readonly ca?: string; readonly certificate?: string; readonly key?: string };
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
  /** A member that is silent for this long loses its partitions; default 30,000. */
  readonly sessionTimeoutMs?: number;
  /** Default 3,000; at most a third of the session. */
  readonly heartbeatIntervalMs?: number;
  /** Most that a member may take to finish its batch when the group changes; default 60,000. */
  readonly rebalanceTimeoutMs?: number;
  /** The broker aborts a transaction that is older; default 60,000. */
  readonly transactionTimeoutMs?: number;
}

export const SESSION_TIMEOUT_MS = 30_000;
export const HEARTBEAT_INTERVAL_MS = 3_000;
export const REBALANCE_TIMEOUT_MS = 60_000;
export const TRANSACTION_TIMEOUT_MS = 60_000;
