/** Calls out of the transaction rows of one Call-ID. Pure: the order in which rows are given does not matter. */
import type { CallEvent } from '@tollstream/contracts';
import { finishCall } from '../decoded.ts';
import type { DecodeContext } from '../decoded.ts';
import { dispositionOfSip } from '../disposition.ts';
import { directionByNumbers, readCalled } from '../parties.ts';
import type { AccRow } from './kamailio-acc.ts';
import { DEFAULT_KAMAILIO_SWITCH, dialogId, readCaller } from './kamailio-cdr.ts';

export interface JoinedCalls<Row extends AccRow> {
  readonly calls: readonly CallEvent[];
  /** Rows that belong to no call, with the reason. */
  readonly orphans: readonly { readonly row: Row; readonly reason: string }[];
}

interface Dialog<Row extends AccRow> {
  readonly invites: Row[];
  firstBye: Row | null;
}

export function joinCalls<Row extends AccRow>(
  rows: readonly Row[],
  context: DecodeContext,
): JoinedCalls<Row> {
  const dialogs = new Map<string, Dialog<Row>>();
  for (const row of rows) {
    if (row.method !== 'INVITE' || !isSuccess(row)) continue;
    const dialog = dialogs.get(pairOf(row));
    if (dialog === undefined) dialogs.set(pairOf(row), { invites: [row], firstBye: null });
    else dialog.invites.push(row);
  }
  const orphans: { row: Row; reason: string }[] = [];
  for (const row of rows) {
    if (row.method !== 'BYE') continue;
    const dialog = dialogs.get(pairOf(row));
    if (dialog === undefined) {
      orphans.push({ row, reason: 'A BYE whose INVITE is not in the input.' });
      continue;
    }
    // A BYE that was only challenged for credentials ended nothing. Every other first BYE did, whatever its reply.
    if (row.sipCode === 401 || row.sipCode === 407) continue;
    if (dialog.firstBye === null || row.at < dialog.firstBye.at) dialog.firstBye = row;
  }

  const calls: CallEvent[] = [];
  const answeredTags = new Set<string>();
  for (const dialog of dialogs.values()) {
    const invite = dialog.invites.reduce(earlierInvite);
    answeredTags.add(invite.fromTag).add(invite.toTag);
    // Without its first INVITE (dialled number) what is here is a re-INVITE of a call that began before the input.
    if (invite.dialled === '') {
      orphans.push({ row: invite, reason: 'A re-INVITE whose first INVITE is not in the input.' });
      if (dialog.firstBye !== null) {
        orphans.push({ row: dialog.firstBye, reason: 'A BYE whose first INVITE is not in the input.' });
      }
      continue;
    }
    add(answeredCall(invite, dialog.firstBye, context), invite);
  }
  const failures = new Map<string, Row>();
  for (const row of rows) {
    if (row.method !== 'INVITE' || isSuccess(row) || answeredTags.has(row.fromTag)) continue;
    const known = failures.get(row.fromTag);
    if (known === undefined || row.at > known.at) failures.set(row.fromTag, row);
  }
  for (const row of failures.values()) add(failedCall(row, context), row);
  return { calls, orphans };

  function add(decoded: ReturnType<typeof finishCall>, row: Row): void {
    if (decoded.kind === 'call') calls.push(decoded.call);
    else orphans.push({ row, reason: decoded.detail });
  }
}

function isSuccess(row: AccRow): boolean {
  return row.sipCode >= 200 && row.sipCode < 300;
}

/** Key of a dialog: the callee's requests carry the tags the other way round. */
function pairOf(row: AccRow): string {
  return row.fromTag < row.toTag ? `${row.fromTag}\n${row.toTag}` : `${row.toTag}\n${row.fromTag}`;
}

/** The INVITE that began the call; in rows of whole seconds a re-INVITE can bear the same time. */
function earlierInvite<Row extends AccRow>(a: Row, b: Row): Row {
  if ((a.dialled === '') !== (b.dialled === '')) return a.dialled === '' ? b : a;
  return b.at < a.at ? b : a;
}

function answeredCall(
  invite: AccRow,
  bye: AccRow | null,
  context: DecodeContext,
): ReturnType<typeof finishCall> {
  return finishCall({
    ...partiesOf(invite, context),
    callId: dialogId(invite),
    startedAt: invite.at,
    answeredAt: invite.at,
    // Rows do not tell whether a 200 without BYE was ever acknowledged, nor when it ended: a part of a call, which rating
    // keeps in suspense instead of billing or dropping it.
    endedAt: bye === null ? invite.at : Math.max(bye.at, invite.at),
    partialSequence: bye === null ? 1 : null,
    disposition: 'answered',
  });
}

function failedCall(invite: AccRow, context: DecodeContext): ReturnType<typeof finishCall> {
  return finishCall({
    ...partiesOf(invite, context),
    callId: dialogId({ callId: invite.callId, fromTag: invite.fromTag, toTag: '' }),
    startedAt: invite.at,
    answeredAt: null,
    endedAt: invite.at,
    disposition: dispositionOfSip(invite.sipCode),
  });
}

function partiesOf(invite: AccRow, context: DecodeContext) {
  const called = readCalled(invite.dialled);
  const fromOutside = context.inboundHosts?.includes(invite.sourceHost) === true;
  const direction = fromOutside ? 'inbound' : directionByNumbers(invite.sourceUser, called.to);
  return {
    switchId: context.switchId ?? DEFAULT_KAMAILIO_SWITCH,
    direction: direction === 'inbound' && !fromOutside ? ('internal' as const) : direction,
    ...readCaller(invite.sourceUser, '', direction),
    ...called,
    account: invite.account,
    redirectingNumber: invite.redirecting,
  };
}
