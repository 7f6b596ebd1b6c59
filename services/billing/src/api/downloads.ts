/** Downloads: whole, or one range of their bytes, with a tag and a checksum to go on by. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { UsageStore } from '@tollstream/usage-store';
import { isTextFormat, streamCdrs, writeCdrFile } from '../cdr/download.ts';
import type { CdrRequest } from '../cdr/query.ts';
import { summariseCdrs } from '../cdr/slices.ts';
import { sendProblem } from './problems.ts';
import { rangeOf } from './range.ts';
import { CDR_MEDIA } from './routes.ts';

interface Content {
  readonly size: number;
  readonly sha256: string;
  /** Of the content; not that of a part of it. */
  readonly etag: string;
  readonly open: (part: { start: number; end: number }) => Readable;
}

/**
 * Rows of text are streamed as they come. For a range of them, and for formats with a head and a foot, the file is made whole in a folder of
 * its own first, which is gone with the answer.
 */
export async function sendCdrs(
  store: UsageStore,
  request: CdrRequest,
  { asked, reply }: { asked: FastifyRequest; reply: FastifyReply },
): Promise<FastifyReply> {
  const { format } = request;
  const name = `${request.accountId.replace(/[^\w.-]/g, '_')}-${request.month}.${format}`;
  reply
    .header('content-type', CDR_MEDIA[format])
    .header('content-disposition', `attachment; filename="${name}"`)
    .header('accept-ranges', 'bytes');
  // The same calls at the same prices give the same bytes.
  const summary = await summariseCdrs(store, request);
  const etag = `"${createHash('sha256')
    .update(JSON.stringify([request, summary.fingerprint]))
    .digest('hex')}"`;
  if (isTextFormat(format) && asked.headers.range === undefined) {
    return reply.header('etag', etag).send(streamCdrs(store, { ...request, format }, summary));
  }
  const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-download-'));
  const remove = async (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const file = path.join(directory, 'calls');
    const { sha256 } = await writeCdrFile(store, { ...request, output: file });
    const { size } = await stat(file);
    const open = (part: { start: number; end: number }): Readable => {
      const bytes = createReadStream(file, part);
      bytes.once('close', () => void remove());
      return bytes;
    };
    const isRead = sendContent({ size, sha256, etag, open }, { headers: asked.headers, reply });
    if (!isRead) await remove();
  } catch (error) {
    await remove();
    throw error;
  }
  return reply;
}

/**
 * What is held in memory: a document.
 * @param answer.hasRanges false: the whole, whatever range is asked for
 */
export function sendBytes(
  bytes: Buffer,
  {
    asked,
    reply,
    hasRanges = true,
  }: { readonly asked: FastifyRequest; readonly reply: FastifyReply; readonly hasRanges?: boolean },
): FastifyReply {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  reply.header('accept-ranges', hasRanges ? 'bytes' : 'none');
  sendContent(
    {
      size: bytes.length,
      sha256,
      etag: `"${sha256}"`,
      open: ({ start, end }) => Readable.from([bytes.subarray(start, end + 1)], { objectMode: false }),
    },
    { headers: hasRanges ? asked.headers : {}, reply },
  );
  return reply;
}

interface RangeHeaders {
  readonly range?: string | undefined;
  readonly 'if-range'?: string | string[] | undefined;
}

/** @returns whether content was opened */
function sendContent(
  { size, sha256, etag, open }: Content,
  { headers, reply }: { readonly headers: RangeHeaders; readonly reply: FastifyReply },
): boolean {
  reply.header('etag', etag);
  const condition = headers['if-range'];
  const isSame = condition === undefined || condition === etag;
  const range = isSame ? rangeOf(headers.range, size) : null;
  if (range === 'unsatisfiable') {
    sendProblem(reply.header('content-range', `bytes */${size}`).removeHeader('content-disposition'), {
      status: 416,
      code: 'TOLL_BILLING_RANGE_UNSATISFIABLE',
      message: `There are ${size} bytes, and none of them is within the range.`,
      remedy: 'Ask for a range within them, or for the whole.',
    });
    return false;
  }
  reply.header('repr-digest', `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`);
  if (size === 0) {
    void reply.header('content-length', 0).send('');
    return false;
  }
  const { first, last } = range ?? { first: 0, last: size - 1 };
  if (range !== null) reply.code(206).header('content-range', `bytes ${first}-${last}/${size}`);
  void reply.header('content-length', last - first + 1).send(open({ start: first, end: last }));
  return true;
}
