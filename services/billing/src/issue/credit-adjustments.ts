/** Corrections that are given back at once: what a run made cheaper is credited on the invoice of its month, where the account has it so. */
import type { BillingStore } from '@tollstream/billing-store';
import type { Account, Catalog } from '@tollstream/catalog';
import { currencyOf, formatScaled, parseDecimalBig } from '@tollstream/money';
import type { Invoice } from '../invoice.ts';
import type { UsageAdjustment } from '../invoice-usage.ts';
import { dateText, monthAfter, monthText, parseMonth } from '../month.ts';
import type { Month } from '../month.ts';
import { adjustmentLines } from '../usage-lines.ts';
import { correctionOf } from './corrected.ts';
import { creditNoteDocument } from './credit-note.ts';

export interface CreditedAdjustments {
  readonly numbers: readonly string[];
  /** What the next invoice has to carry. */
  readonly left: readonly UsageAdjustment[];
}

/**
 * Issues a credit note for each run that made the month of an issued invoice cheaper. What made it dearer cannot be credited; neither can
 * more than the invoice has left, nor anything where the month has no invoice: that stands on the next one.
 */
export async function creditAdjustments(
  {
    billing,
    catalog,
    month,
    actor,
  }: { billing: BillingStore; catalog: Catalog; month: Month; actor: string },
  account: Account,
  adjustments: readonly UsageAdjustment[],
): Promise<CreditedAdjustments> {
  const terms = catalog.billing;
  const wantsCredit = account.billing?.creditsCorrections ?? account.plan.creditsCorrections ?? false;
  if (adjustments.length === 0 || terms === undefined || !wantsCredit)
    return { numbers: [], left: adjustments };
  const { minorDigits } = currencyOf(account.currency);
  const money = (minor: bigint): string => formatScaled(minor, minorDigits);
  const minorOf = (text: string): bigint => parseDecimalBig(text, minorDigits);
  const numbers: string[] = [];
  const left: UsageAdjustment[] = [];
  for (const ofRun of Map.groupBy(adjustments, ({ month: of, run }) => `${of}/${run}`).values()) {
    const { month: usageMonth, run } = ofRun[0]!;
    const invoiceMonth = monthText(monthAfter(parseMonth(usageMonth)));
    const balances = await billing.balances({ accountId: account.id, month: invoiceMonth });
    const inForce = balances.find(({ is_void }) => !is_void);
    const lines = adjustmentLines(account, ofRun);
    const invoice =
      inForce === undefined
        ? null
        : (JSON.parse((await billing.invoice(inForce.number)).document) as Invoice);
    const correction = invoice === null ? null : correctionOf(invoice, lines, terms);
    const owed = correction === null ? 0n : -(correction.charges + correction.fees + correction.taxes);
    const hasLeft = inForce === undefined ? 0n : minorOf(inForce.total) - minorOf(inForce.credited);
    if (inForce === undefined || correction === null || owed <= 0n || owed > hasLeft) {
      left.push(...ofRun);
      continue;
    }
    const about = {
      kind: 'late_calls' as const,
      reason: `${usageMonth}-${run}`,
      issueDate: dateText(month),
      fees: money(-correction.fees),
      taxes: money(-correction.taxes),
      lines: lines.map(({ line }) => line),
      adjustments: [{ month: usageMonth, run }],
    };
    const note = await billing.issueCreditNote(
      {
        invoiceNumber: inForce.number,
        kind: about.kind,
        reason: about.reason,
        issueDate: about.issueDate,
        amount: money(owed),
        requestKey: `adjustments ${usageMonth}-${run} ${inForce.number}`,
        numberPrefix: terms.creditNotePrefix,
        adjustments: [{ usageMonth, run }],
        document: (given) => creditNoteDocument(about, given),
      },
      actor,
    );
    numbers.push(note.number);
  }
  return { numbers, left };
}
