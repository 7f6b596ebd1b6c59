/** How a verdict is told: a table for people, an object for programs, and one line that says it all. */
import { CHARGE_SCALE } from '@tollstream/contracts';
import { formatScaled } from '@tollstream/money';
import { colours, count, table } from '../terminal.ts';
import type { Difference } from './findings.ts';
import type { Verdict } from './verify.ts';

export function isDifferent({ findings }: Verdict): boolean {
  return findings.first !== null;
}

export function verdictTable({ findings }: Verdict): string {
  return table(
    ['check', 'checked', 'differences', 'first'],
    findings.checks.map(({ name, checked, differences, first }) => [
      name,
      count(checked),
      first === null ? colours.green('0') : colours.red(count(differences)),
      first === null ? '' : `${first.place} offset ${first.offset}`,
    ]),
    [1, 2],
  );
}

/** What the numbers do not say by themselves. */
export function verdictNotes({
  underWay,
  collapsed,
  conflicts,
  unproven,
  suspense,
  rejects,
}: Verdict): string[] {
  return [
    ...suspenseNote(suspense),
    ...rejectsNote(rejects),
    ...(underWay > 0
      ? [
          `${count(underWay)} records had not reached their table when this began; they are verified up to rating at most.`,
        ]
      : []),
    ...(collapsed > 0
      ? [
          `${count(collapsed)} calls came twice, further apart than the duplicate window reaches; the table keeps each once.`,
        ]
      : []),
    ...conflictNotes(conflicts),
    ...(unproven > 0
      ? [
          `${count(unproven)} calls of the sample do not say all that their price needs; they were not priced again.`,
        ]
      : []),
  ];
}

export function verdictLine(verdict: Verdict): string {
  const { findings, calls, rows, duplicates, suspense } = verdict;
  const { first } = findings;
  if (first !== null) return `DIFFERENT: ${differenceText(first)}`;
  const outcomes = [
    `${count(rows.usage)} rated`,
    `${count(duplicates)} duplicate`,
    `${count(rows.usage_suspended)} suspended${suspense.rated === 0 ? '' : ` (${count(suspense.rated)} of them rated since)`}`,
    `${count(rows.usage_rejected)} rejected`,
    ...conflictCount(verdict),
    ...(rows.usage_alerts === 0 ? [] : [`${count(rows.usage_alerts)} spend alerts`]),
  ];
  const sums = Object.entries(chargesOf(verdict)).map(([currency, amount]) => `${currency} ${amount}`);
  return `verified: ${count(calls)} calls, ${outcomes.join(', ')}${sums.length === 0 ? '' : `, ${sums.join(', ')}`}`;
}

export function verdictJson(verdict: Verdict): Record<string, unknown> {
  const { findings, calls, rows, duplicates, underWay, collapsed, unproven } = verdict;
  return {
    verified: findings.first === null,
    calls,
    rated: rows.usage,
    duplicate: duplicates,
    suspended: rows.usage_suspended,
    suspense: { ...verdict.suspense, open: openOf(verdict.suspense) },
    rejected: rows.usage_rejected,
    alerts: rows.usage_alerts,
    rejects: { ...verdict.rejects, open: openRejectsOf(verdict.rejects) },
    charge: chargesOf(verdict),
    under_way: underWay,
    collapsed,
    conflicts: conflictsJson(verdict.conflicts),
    unproven,
    checks: findings.checks.map(({ name, checked, differences, first }) => ({
      name,
      checked,
      differences,
      first,
    })),
    first_difference: findings.first,
  };
}

function conflictCount({ conflicts: { kept, ratedTwice, replaced } }: Verdict): string[] {
  const all = kept + ratedTwice.calls + replaced;
  return all === 0 ? [] : [`${count(all)} in conflict`];
}

function conflictNotes({ kept, ratedTwice, replaced, firstReplaced }: Verdict['conflicts']): string[] {
  const { calls, first } = ratedTwice;
  const where = first?.map(({ accountId, source, offset }) => `'${accountId}' at ${source} offset ${offset}`);
  return [
    ...(kept > 0
      ? [
          `${count(kept)} records say something else than the first one of their call and were not rated: 'tollstream conflicts list' shows both.`,
        ]
      : []),
    ...(calls > 0
      ? [
          `${count(calls)} calls are rated twice, with other content${first === null ? '' : `, the first of them for ${where!.join(' and ')} (call ${first[0].callId})`}: 'tollstream conflicts list' shows both.`,
        ]
      : []),
    ...(replaced > 0
      ? [
          `${count(replaced)} calls came again after the duplicate window with other content, and the table keeps the later record; the first at ${firstReplaced!.place} offset ${firstReplaced!.offset}: ${firstReplaced!.text}.`,
        ]
      : []),
  ];
}

function conflictsJson({ kept, ratedTwice, replaced, firstReplaced }: Verdict['conflicts']): object {
  return {
    kept,
    rated_twice: ratedTwice.calls,
    first_rated_twice: ratedTwice.first?.map(({ callId, accountId, source, offset }) => ({
      call_id: callId,
      account: accountId,
      place: source,
      offset,
    })),
    replaced,
    first_replaced: firstReplaced,
  };
}

/** Suspended = open + rated since + discarded + put together with others. */
function suspenseNote(suspense: Verdict['suspense']): string[] {
  const { suspended, rated, discarded, assembled } = suspense;
  if (rated + discarded + assembled === 0) return [];
  const joined =
    assembled === 0
      ? ''
      : `, ${count(assembled)} are parts that were put together with the first of their call`;
  return [
    `${count(suspended)} calls were suspended: ${count(openOf(suspense))} wait, ${count(rated)} were rated since, ${count(discarded)} were discarded${joined}.`,
  ];
}

/** Rejected = open + replayed + discarded; a replayed one is a record of its own again. */
function rejectsNote(rejects: Verdict['rejects']): string[] {
  const { rejected, replayed, discarded } = rejects;
  if (replayed + discarded === 0) return [];
  return [
    `${count(rejected)} records were rejected: ${count(openRejectsOf(rejects))} wait, ${count(replayed)} were replayed since, ${count(discarded)} were discarded.`,
  ];
}

function openRejectsOf({ rejected, replayed, discarded }: Verdict['rejects']): number {
  return rejected - replayed - discarded;
}

function openOf({ suspended, rated, discarded, assembled }: Verdict['suspense']): number {
  return suspended - rated - discarded - assembled;
}

function differenceText({ place, offset, text }: Difference): string {
  return `${place} offset ${offset}: ${text}`;
}

function chargesOf({ charge }: Verdict): Record<string, string> {
  return Object.fromEntries(
    [...charge].map(([currency, sum]) => [currency, formatScaled(sum, CHARGE_SCALE)]),
  );
}
