import path from 'node:path';
import type { BillingStore } from '@tollstream/billing-store';
import { CHARGE_SCALE } from '@tollstream/contracts';
import { formatScaled } from '@tollstream/money';
import {
  CDR_COMPRESSIONS,
  CDR_FORMATS,
  billedCalls,
  creditedCalls,
  isTextFormat,
  writeCdrFile,
} from '@tollstream/service-billing';
import type { CdrCompression, CdrFormat, CdrRequest, CreditNote, Invoice } from '@tollstream/service-billing';
import type { UsageStore } from '@tollstream/usage-store';
import { openBillingStore, openStore, using } from './billing/open-billing.ts';
import type { CdrOptions } from './commands/cdr.ts';
import { parseMonth } from './duration.ts';
import { UsageError } from './failure.ts';
import { count, print, say } from './terminal.ts';

const STANDARD_OUTPUT = '-';
const PROGRESS_INTERVAL_MS = 2_000;
const COMPRESSION_OF_ENDING: Readonly<Record<string, CdrCompression>> = { '.gz': 'gzip', '.zst': 'zstd' };

export async function downloadCdr(options: CdrOptions): Promise<void> {
  const { output, extension, number, callType, day } = options;
  const compression = compressionOf(options);
  const format = formatOf(options);
  refuseImpossible(options, format, compression);
  const filters = {
    ...(extension === undefined ? {} : { extension }),
    ...(number === undefined ? {} : { number }),
    ...(callType === undefined ? {} : { callType }),
    ...(day === undefined ? {} : { day }),
  };
  const which = await callsAskedFor(options);
  const opened = await openStore(options);
  try {
    let saidMs = performance.now();
    const file = await writeCdrFile(opened.store, {
      ...(await which(opened.store)),
      format,
      output,
      compression,
      filters,
      hasDetail: options.detail === true,
      isResumed: options.resume === true,
      onProgress(rows, of) {
        if (performance.now() - saidMs < PROGRESS_INTERVAL_MS) return;
        saidMs = performance.now();
        say(`${count(rows)} of ${count(of)} calls`);
      },
    });
    const cost = Object.fromEntries(
      [...file.charge].map(([currency, charge]) => [currency, formatScaled(charge, CHARGE_SCALE)]),
    );
    if (options.json === true) {
      const { calls, bytes, sha256, resumedRows } = file;
      print(
        JSON.stringify({ output, format, calls, total_cost: cost, bytes, sha256, resumed_rows: resumedRows }),
      );
    }
    if (file.resumedRows > 0) say(`went on after ${count(file.resumedRows)} calls`);
    const amounts = Object.entries(cost).map(([currency, amount]) => `${currency} ${amount}`);
    const place = output === STANDARD_OUTPUT ? 'standard output' : output;
    say(`${[`${count(file.calls)} calls`, ...amounts].join(', ')} → ${place}`);
    if (output !== STANDARD_OUTPUT) say(`sha256 ${file.sha256}`);
  } finally {
    await opened.close();
  }
}

/** The calls of an account and month, or of an invoice, whose account and month stand on it. */
async function callsAskedFor(
  options: CdrOptions,
): Promise<(store: UsageStore) => Promise<Pick<CdrRequest, 'accountId' | 'month' | 'billed'>>> {
  const { account, month, invoice: number } = options;
  if (number !== undefined && account === undefined && month === undefined) {
    const document = await using(openBillingStore(options), ({ billing }) => documentOf(billing, number));
    const about = JSON.parse(document) as Invoice | CreditNote;
    return async (store) => {
      const billed = 'usage_month' in about ? await billedCalls(store, about) : creditedCalls(about);
      return { accountId: billed.accountId, month: billed.month, billed };
    };
  }
  if (number === undefined && account !== undefined && month !== undefined) {
    const parsed = parseMonth(month, '--month');
    return () => Promise.resolve({ accountId: account, month: parsed });
  }
  throw new UsageError({
    code: 'TOLL_USAGE_ACCOUNT',
    message: 'Say which calls: --account ID and --month YYYY-MM, or --invoice NUMBER',
    remedy: 'Name a month of an account, or an issued invoice.',
  });
}

async function documentOf(billing: BillingStore, number: string): Promise<string> {
  try {
    return (await billing.invoice(number)).document;
  } catch (error) {
    const note = await billing.creditNote(number).catch(() => null);
    if (note === null) throw error;
    return note.document;
  }
}

function compressionOf({ compress, output }: CdrOptions): CdrCompression {
  if (compress === undefined) return COMPRESSION_OF_ENDING[path.extname(output)] ?? 'none';
  const compression = CDR_COMPRESSIONS.find((each) => each === compress);
  if (compression !== undefined) return compression;
  throw formatError(
    `--compress: '${compress}' is no compression`,
    `Use one of ${CDR_COMPRESSIONS.join(', ')}.`,
  );
}

function formatOf({ format, output }: CdrOptions): CdrFormat {
  const bare = path.extname(output) in COMPRESSION_OF_ENDING ? path.parse(output).name : output;
  const ending = path.extname(bare).slice(1);
  const wanted = format ?? (CDR_FORMATS.some((each) => each === ending) ? ending : 'csv');
  const known = CDR_FORMATS.find((each) => each === wanted);
  if (known !== undefined) return known;
  throw formatError(
    `--format: '${wanted}' is no call detail format`,
    `Use one of ${CDR_FORMATS.join(', ')}.`,
  );
}

function refuseImpossible(
  { output, resume, json }: CdrOptions,
  format: CdrFormat,
  compression: CdrCompression,
): void {
  const remedy = 'Write a csv or jsonl file without compression, or leave the option out.';
  if (!isTextFormat(format)) {
    if (compression !== 'none') throw formatError(`a file of format ${format} is compressed already`, remedy);
    if (output === STANDARD_OUTPUT)
      throw formatError(`format ${format} needs a file`, 'Name one with --output.');
  }
  if (resume === true && (!isTextFormat(format) || compression !== 'none' || output === STANDARD_OUTPUT)) {
    throw formatError('--resume: only plain csv and jsonl files can be gone on with', remedy);
  }
  if (json === true && output === STANDARD_OUTPUT) {
    throw formatError('--json: standard output is taken by the calls', 'Name a file with --output.');
  }
}

function formatError(message: string, remedy: string): UsageError {
  return new UsageError({ code: 'TOLL_USAGE_FORMAT', message, remedy });
}
