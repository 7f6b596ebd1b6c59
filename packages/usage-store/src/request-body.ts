import type { IncomingMessage } from 'node:http';

/**
 * The bytes of a request as they come. A sender who is gone without a word, cut off from the network say, would hold its place for good: the
 * request ends where nothing comes for `pauseMsMax` while it is waited for. How long the reader takes does not count.
 */
export async function* bodyOf(
  request: IncomingMessage,
  pauseMsMax: number,
): AsyncGenerator<Buffer, void, void> {
  const pieces = request[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  for (;;) {
    const timer = setTimeout(
      () => request.destroy(new Error(`nothing of the request came for ${pauseMsMax} ms`)),
      pauseMsMax,
    );
    const piece = await pieces.next().finally(() => clearTimeout(timer));
    if (piece.done === true) return;
    yield piece.value;
  }
}
