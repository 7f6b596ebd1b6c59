/** Every failure as application/problem+json (RFC 9457), with the code of docs/errors.md. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { TollError, isTollError } from '@tollstream/service-kit';
import { CDR_FORMATS } from '../cdr/columns.ts';
import { monthInvalid } from '../errors.ts';

const RETRY_AFTER_SECONDS = 5;

/** The request is right, and account, catalog or calls do not let it be answered. */
const CANNOT_BE_MADE: ReadonlySet<string> = new Set([
  'TOLL_BILLING_ACCOUNT_MOVED',
  'TOLL_BILLING_CALLS_CHANGED',
  'TOLL_BILLING_CURRENCY_MIXED',
  'TOLL_BILLING_FACTOR_MISSING',
  'TOLL_BILLING_FEE_RATE_MISSING',
  'TOLL_BILLING_PLAN_UNKNOWN',
  'TOLL_BILLING_STORE_ABSENT',
  'TOLL_BILLING_TAX_JURISDICTION_UNKNOWN',
  'TOLL_BILLING_TAX_RATE_MISSING',
  'TOLL_BILLING_TOTAL_NEGATIVE',
  'TOLL_CREDIT_TOO_LARGE',
  'TOLL_DISPUTE_LATE',
  'TOLL_INVOICE_VOID',
  'TOLL_REQUEST_KEY_REUSED',
]);
const NOT_THERE: ReadonlySet<string> = new Set(['TOLL_BILLING_ACCOUNT_UNKNOWN', 'TOLL_INVOICE_UNKNOWN']);
/** Of this machine, and not of the request. */
const OWN_FAILURES: ReadonlySet<string> = new Set([
  'TOLL_BILLING_FILE_UNWRITABLE',
  'TOLL_BILLING_STORE_FAILED',
  'TOLL_BILLING_STORE_IMMUTABLE',
  'TOLL_BILLING_STORE_MIGRATION_CHANGED',
  'TOLL_BILLING_STORE_MIGRATIONS_UNREADABLE',
  'TOLL_BILLING_STORE_NEWER',
  'TOLL_BILLING_STORE_SCHEMA_MISSING',
  'TOLL_BILLING_STORE_UNREACHABLE',
  'TOLL_BILLING_STORE_UNUSABLE',
]);

export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

export type RequestFailure = Error & {
  readonly statusCode?: number | undefined;
  readonly validationContext?: string | undefined;
  readonly validation?: readonly { readonly instancePath: string; readonly message?: string }[];
};

export function sendProblem(reply: FastifyReply, { status, code, message, remedy }: Problem): FastifyReply {
  return reply
    .code(status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .serializer(JSON.stringify)
    .send({ type: 'about:blank', title: code, status, detail: message, code, remedy });
}

export function sendFailure(
  request: FastifyRequest,
  reply: FastifyReply,
  given: RequestFailure,
  onError: ((error: Error) => void) | undefined,
): FastifyReply {
  const error = ofParameter(request, given);
  const status = statusOf(error);
  if (status < 500) {
    return sendProblem(reply, {
      status,
      code: isTollError(error) ? error.code : 'TOLL_BILLING_REQUEST_INVALID',
      message: error.message,
      remedy: isTollError(error) ? error.remedy : 'Correct the request: /openapi.json says what is taken.',
    });
  }
  onError?.(error);
  if (status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
  // What is not the caller's to mend is told to the operator only: it may name places inside.
  return sendProblem(reply, {
    status,
    code: isTollError(error) ? error.code : 'TOLL_BILLING_FAILED',
    message: 'The request could not be answered.',
    remedy: 'Try again later.',
  });
}

/** What a schema refuses has the code that the commands have for it. */
function ofParameter(request: FastifyRequest, error: RequestFailure): RequestFailure {
  switch (error.validation?.[0]?.instancePath) {
    case '/month':
      return monthInvalid(monthOf(request, error));
    case '/format':
      return new TollError({
        code: 'TOLL_BILLING_FORMAT_UNKNOWN',
        message: 'The format is not known.',
        remedy: `Use one of ${CDR_FORMATS.join(', ')}.`,
      });
    case undefined:
    default:
      return error;
  }
}

/** The month stands in the path, in the query or in the body. */
function monthOf(request: FastifyRequest, { validationContext }: RequestFailure): string {
  const places = { params: request.params, querystring: request.query, body: request.body };
  const place = places[validationContext as keyof typeof places] ?? request.params;
  const { month } = (place ?? {}) as { month?: unknown };
  return typeof month === 'string' ? month : JSON.stringify(month ?? '');
}

function statusOf(error: RequestFailure): number {
  if (isTollError(error)) {
    if (NOT_THERE.has(error.code)) return 404;
    if (error.code === 'TOLL_AMOUNT_INVALID') return 400;
    if (CANNOT_BE_MADE.has(error.code)) return 409;
    if (error.code.startsWith('TOLL_BILLING_') && !OWN_FAILURES.has(error.code)) return 400;
    return 'transient' in error && error.transient === true ? 503 : 500;
  }
  return error.statusCode !== undefined && error.statusCode < 500 ? error.statusCode : 500;
}
