/**
 * What settlement and re-rating did: each further revision of a row has an adjustment that says what it was before, each adjustment led to
 * the row that it says, and along the revisions of a call the differences add up.
 */
import { PRICE_COLUMNS, readNativeStream } from '@tollstream/contracts';
import { USAGE_TABLES } from '@tollstream/usage-store';
import type { UsageStore } from '@tollstream/usage-store';
import type { Findings } from './findings.ts';
import { priceProblem } from './reprice.ts';
import type { RowHash } from './row-hash.ts';

const KEY = USAGE_TABLES.usage.rowKey.join(', ');
const PRICES: ReadonlySet<string> = new Set(PRICE_COLUMNS.map(([name]) => name));

/** All revisions up to here are priced again, of more one in `SAMPLE_ONE_IN`. */
const SAMPLE_ALL_UP_TO = 10_000;
const SAMPLE_ONE_IN = 32;
/** Found ones beyond these change nothing in the verdict. */
const DIFFERENCES_MAX = 100;
const SORT_BYTES_MAX = 256 * 1024 * 1024;

export async function auditRevisions(store: UsageStore, hash: RowHash, findings: Findings): Promise<void> {
  const check = findings.revisions;
  check.checked += await countRows(store);
  await compareChains(store, hash, findings);
  if (check.first === null) await priceRevisions(store, findings);
}

async function countRows(store: UsageStore): Promise<number> {
  const [row] = await store.query<{ rows: string }>(
    `SELECT count() AS rows FROM ${store.database}.usage_adjustments FINAL`,
  );
  return Number(row?.rows);
}

/** Adjustments and revisions side by side, by call. */
async function compareChains(store: UsageStore, hash: RowHash, findings: Findings): Promise<void> {
  const { database } = store;
  const after = hash.sqlOver((name) => (PRICES.has(name) ? `new_${name}` : name));
  const rows = await store.query<{
    source: string;
    source_offset: string;
    call: string;
    problem: string;
  }>(
    `SELECT source, source_offset, call, problem FROM (
       SELECT if(steps > 0, a.source, u.source) AS source, if(steps > 0, a.source_offset, u.source_offset) AS source_offset,
              call_id AS call,
              multiIf(
                steps = 0, concat('has revision ', toString(u.revision), ' and no adjustment says what it was'),
                u.revision != last, concat('was adjusted to revision ', toString(last), ', the table has ', if(u.revision = 0, 'none', toString(u.revision))),
                u.hash != a.hash, 'is not in usage what its adjustment says',
                first != 0 OR steps != last, concat('has ', toString(steps), ' adjustments from revision ', toString(first), ' to ', toString(last)),
                changed != total, 'has adjustments whose differences do not add up',
                wrong_differences > 0, 'has an adjustment whose difference is not the new charge less the old one',
                '') AS problem
       FROM (
         SELECT ${KEY}, count() AS steps, min(revision) AS first, max(new_revision) AS last,
                sum(new_charge) - sum(charge) AS changed,
                argMax(new_charge, new_revision) - argMin(charge, revision) AS total,
                countIf(difference != if(reason = 'late_call', new_charge, new_charge - charge)) AS wrong_differences,
                argMax(row_hash, new_revision) AS hash, any(source_text) AS source, any(source_place) AS source_offset
         FROM (
           SELECT ${KEY}, revision, new_revision, charge, new_charge, difference, reason, ${after} AS row_hash,
                  concat(source_topic, '/', toString(source_partition)) AS source_text, source_offset AS source_place
           FROM ${database}.usage_adjustments FINAL WHERE new_revision > revision
         ) GROUP BY ${KEY}
       ) AS a
       FULL OUTER JOIN (
         SELECT ${KEY}, revision, ${hash.sql} AS hash,
                concat(source_topic, '/', toString(source_partition)) AS source, source_offset
         FROM ${database}.usage FINAL WHERE revision > 0
       ) AS u USING (${KEY})
     ) WHERE problem != '' ORDER BY source, source_offset LIMIT ${DIFFERENCES_MAX}
     SETTINGS join_algorithm = 'full_sorting_merge,grace_hash', max_bytes_before_external_sort = ${SORT_BYTES_MAX},
              max_bytes_before_external_group_by = ${SORT_BYTES_MAX}`,
  );
  for (const { source, source_offset, call, problem } of rows) {
    findings.revisions.differs({
      place: source,
      offset: Number(source_offset),
      text: `call ${call}: ${problem}`,
    });
  }
}

/** From the terms that the rows store, as those of the stream. */
async function priceRevisions(store: UsageStore, findings: Findings): Promise<void> {
  const sample =
    findings.revisions.checked > SAMPLE_ALL_UP_TO ? ` AND sipHash64(call_id) % ${SAMPLE_ONE_IN} = 0` : '';
  const stream = await store.queryStream(
    `SELECT * FROM ${store.database}.usage FINAL WHERE revision > 0${sample}`,
    'Native',
  );
  for await (const block of readNativeStream(stream as AsyncIterable<Uint8Array>)) {
    const topics = block.column('source_topic');
    const partitions = block.column('source_partition');
    for (let row = 0; row < block.rows; row++) {
      findings.prices.checked += 1;
      const problem = priceProblem(block, row);
      if (problem === null || problem === 'unproven') continue;
      findings.prices.differs({
        place: `${topics.string(row)}/${partitions.number(row)}`,
        offset: block.column('source_offset').integer(row),
        text: `call ${block.column('call_id').string(row)}, revision ${block.column('revision').number(row)}: ${problem}`,
      });
    }
  }
}
