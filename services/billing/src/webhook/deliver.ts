/** Tells a webhook of issued invoices: each at least once, signed, and again with growing pauses until it answers 2xx. */
import type { BillingStore, WebhookTask } from '@tollstream/billing-store';
import { signatureOf } from './signature.ts';

export interface WebhookTarget {
  readonly url: string;
  readonly secret: string;
}

export interface WebhookLimits {
  /** Invoices that are told at a time. */
  readonly tasksAtOnceMax: number;
  readonly answerWithinMs: number;
  /** Doubles with each attempt. */
  readonly firstPauseSeconds: number;
  readonly longestPauseSeconds: number;
}

export const WEBHOOK_LIMITS: WebhookLimits = {
  tasksAtOnceMax: 20,
  answerWithinMs: 10_000,
  firstPauseSeconds: 5,
  longestPauseSeconds: 3_600,
};

/** Longer than an attempt can take. */
const LEASE_FACTOR = 2;
const PROBLEM_LENGTH_MAX = 300;

export interface WebhookRound {
  readonly delivered: number;
  readonly failed: number;
}

/** Tells what is due now. */
export async function deliverDue(options: {
  readonly billing: BillingStore;
  readonly target: WebhookTarget;
  readonly clock: () => number;
  readonly limits?: WebhookLimits;
}): Promise<WebhookRound> {
  const { billing, limits = WEBHOOK_LIMITS } = options;
  const tasks = await billing.takeWebhookTasks({
    limit: limits.tasksAtOnceMax,
    leaseSeconds: Math.ceil((limits.answerWithinMs / 1_000) * LEASE_FACTOR),
  });
  const problems = await Promise.all(tasks.map((task) => send(task, { ...options, limits })));
  let failed = 0;
  for (const [i, task] of tasks.entries()) {
    const problem = problems[i] ?? null;
    if (problem !== null) failed += 1;
    await billing.endWebhookTask(task.number, {
      problem: problem?.slice(0, PROBLEM_LENGTH_MAX) ?? '',
      retrySeconds: problem === null ? null : pauseAfter(task.attempts, limits),
    });
  }
  return { delivered: tasks.length - failed, failed };
}

export function pauseAfter(
  attempts: number,
  { firstPauseSeconds, longestPauseSeconds }: WebhookLimits,
): number {
  return Math.min(longestPauseSeconds, firstPauseSeconds * 2 ** (attempts - 1));
}

/** @returns why it was not taken; null: it was */
async function send(
  task: WebhookTask,
  { target, clock, limits }: { target: WebhookTarget; clock: () => number; limits: WebhookLimits },
): Promise<string | null> {
  const id = `invoice.ready ${task.number}`;
  const atSeconds = Math.floor(clock() / 1_000);
  const body = JSON.stringify({
    type: 'invoice.ready',
    timestamp: new Date(atSeconds * 1_000).toISOString(),
    data: {
      number: task.number,
      account_id: task.accountId,
      month: task.month,
      issue_date: task.issueDate,
      due_date: task.dueDate,
      currency: task.currency,
      total: task.total,
    },
  });
  try {
    const answer = await fetch(target.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(atSeconds),
        'webhook-signature': signatureOf({ id, atSeconds, body }, target.secret),
      },
      body,
      // Whoever answers with another address would get what was signed for this one.
      redirect: 'manual',
      signal: AbortSignal.timeout(limits.answerWithinMs),
    });
    await answer.body?.cancel();
    return answer.ok ? null : `the answer was ${answer.status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
