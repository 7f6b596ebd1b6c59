import {
  ALERT_COLUMNS,
  RATED_COLUMNS,
  REJECTED_COLUMNS,
  RESOLVED_COLUMNS,
  SUSPENDED_COLUMNS,
} from '@tollstream/contracts';
import type { UsageTable } from './port.ts';

export interface TableSpec {
  /** Columns that the table stores, in order. */
  readonly columns: readonly string[];
  /** Columns that tell a row from every other; the first ones are the table's sort key. */
  readonly rowKey: readonly string[];
  /** Among rows of one key the highest version replaces the others. */
  readonly version: string | null;
}

type Columns = readonly (readonly [name: string, type: string])[];

/** `call_hash` serves the duplicate window of rating only. */
function stored(columns: Columns): string[] {
  return columns.map(([name]) => name).filter((name) => name !== 'call_hash');
}

const CALL_KEY = ['account_id', 'started_at', 'call_id', 'leg', 'switch_id'];
const SOURCE_KEY = ['source_topic', 'source_partition', 'source_offset'];

export const USAGE_TABLES: Readonly<Record<UsageTable, TableSpec>> = {
  usage: { columns: stored(RATED_COLUMNS), rowKey: CALL_KEY, version: 'revision' },
  usage_suspended: {
    columns: stored(SUSPENDED_COLUMNS),
    // A call that was rated again with another catalog may be suspended again.
    rowKey: [...CALL_KEY, 'code', 'catalog_version', ...SOURCE_KEY],
    version: null,
  },
  usage_resolved: {
    columns: stored(RESOLVED_COLUMNS),
    // One command takes a suspended call up once.
    rowKey: [...CALL_KEY, ...SOURCE_KEY, 'run'],
    version: null,
  },
  usage_alerts: {
    columns: stored(ALERT_COLUMNS),
    rowKey: ['account_id', 'window_start', 'limit_id', 'threshold_percent', 'alert_id'],
    version: null,
  },
  usage_rejected: { columns: stored(REJECTED_COLUMNS), rowKey: SOURCE_KEY, version: null },
};
