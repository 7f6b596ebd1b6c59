/** Records of one identity that do not agree, as the tables hold them. */
import type { UsageStore } from '@tollstream/usage-store';
import { CONTENT_COLUMNS } from '../verify/conflicts.ts';
import { suspendedCondition } from './filter.ts';
import type { Row } from './queries.ts';

export interface ChosenConflicts {
  /** Call starts, half-open. */
  readonly from?: string;
  readonly to?: string;
}

const VALUES = `map(${CONTENT_COLUMNS.map((name) => `'${name}', toString(${name})`).join(', ')})`;
const SOURCE = "concat(source_topic, '/', toString(source_partition), ' offset ', toString(source_offset))";

/**
 * Each record that does not agree with the first one of its call: kept as a conflict, or rated beside it, for another account or as a
 * call of another start, because the duplicate window did not see both.
 */
export async function listConflicts(
  store: UsageStore,
  chosen: ChosenConflicts,
  limit: number,
): Promise<Row[]> {
  const { sql, parameters } = suspendedCondition(chosen);
  const identity = 'call_id, switch_id, leg, partial_sequence';
  return store.query<Row>(
    `WITH records AS
     (
         SELECT ${identity}, ${SOURCE} AS source, ${VALUES} AS said, 'rated' AS kind
         FROM ${store.database}.usage FINAL WHERE ${sql}
         UNION ALL
         SELECT ${identity}, ${SOURCE} AS source, ${VALUES} AS said, if(code = 'content_conflict', 'conflict', 'suspended') AS kind
         FROM ${store.database}.usage_suspense WHERE state != 'rated' AND ${sql}
     ),
     several AS
     (
         SELECT ${identity}, arraySort(record -> (record.3 = 'conflict', record.1), groupArray((source, said, kind))) AS all
         FROM records GROUP BY ${identity} HAVING length(all) > 1
     )
     SELECT call_id, switch_id, all[1].1 AS first_record, other.1 AS other_record, other.3 AS other_is,
            arrayStringConcat(
                arrayMap(name -> concat(name, ': ', all[1].2[name], ' / ', other.2[name]),
                         arrayFilter(name -> all[1].2[name] != other.2[name], mapKeys(other.2))), '; ') AS difference
     FROM several ARRAY JOIN arraySlice(all, 2) AS other
     WHERE difference != ''
     ORDER BY call_id, switch_id, other_record LIMIT {limit:UInt32}`,
    { ...parameters, limit },
  );
}
