/** Corrections that are given back at once: what a run made cheaper is credited on the invoice of its month, where the account has it so. */
import type { BillingStore, InvoiceBalance } from '@tollstream/billing-store';
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

/** Whether what a run made cheaper is credited at once. */
export function wantsCredits(account: Account): boolean {
  return account.billing?.creditsCorrections ?? account.plan.creditsCorrections ?? false;
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
    balances,
  }: {
    billing: BillingStore;
    catalog: Catalog;
    month: Month;
    actor: string;
    /** Of the account's invoices, before anything is credited here. */
    balances: readonly InvoiceBalance[];
  },
  account: Account,
  adjustments: readonly UsageAdjustment[],
): Promise<CreditedAdjustments> {
  const terms = catalog.billing;
  if (adjustments.length === 0 || terms === undefined || !wantsCredits(account))
    return { numbers: [], left: adjustments };
  const { minorDigits } = currencyOf(account.currency);
  const money = (minor: bigint): string => formatScaled(minor, minorDigits);
  const minorOf = (text: string): bigint => parseDecimalBig(text, minorDigits);
  const numbers: string[] = [];
  const left: UsageAdjustment[] = [];
  const invoices = new Map<string, Invoice>();
  const creditedHere = new Map<string, bigint>();
  const invoiceOf = async (number: string): Promise<Invoice> => {
    const known = invoices.get(number);
    if (known !== undefined) return known;
    const read = JSON.parse((await billing.invoice(number)).document) as Invoice;
    invoices.set(number, read);
    return read;
  };
  for (const ofRun of Map.groupBy(adjustments, ({ month: of, run }) => `${of}/${run}`).values()) {
    const { month: usageMonth, run } = ofRun[0]!;
    const invoiceMonth = monthText(monthAfter(parseMonth(usageMonth)));
    const inForce = balances.find((each) => each.month === invoiceMonth && !each.is_void);
    if (inForce === undefined) {
      left.push(...ofRun);
      continue;
    }
    const lines = adjustmentLines(account, ofRun);
    const correction = correctionOf(await invoiceOf(inForce.number), lines, terms);
    const owed = -(correction.charges + correction.fees + correction.taxes);
    const credited = minorOf(inForce.credited) + (creditedHere.get(inForce.number) ?? 0n);
    if (owed <= 0n || owed > minorOf(inForce.total) - credited) {
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
    creditedHere.set(inForce.number, (creditedHere.get(inForce.number) ?? 0n) + owed);
  }
  return { numbers, left };
}
