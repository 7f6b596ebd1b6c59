/**
 * The items of a source that may pause, and null whenever what was made of earlier ones has waited long enough.
 * @param dueInMs until then; `Infinity` while nothing waits
 */
export async function* orOverdue<Item>(
  items: AsyncIterable<Item>,
  dueInMs: () => number,
): AsyncGenerator<Item | null, undefined> {
  const iterator = items[Symbol.asyncIterator]();
  let next: Promise<IteratorResult<Item>> | null = null;
  try {
    for (;;) {
      next ??= iterator.next();
      const result = await within(next, dueInMs());
      if (result === null) {
        yield null;
        continue;
      }
      next = null;
      if (result.done === true) return undefined;
      yield result.value;
    }
  } finally {
    // Who is stopped while the source pauses does not wait for it; that fails when the source is closed.
    next?.catch(() => undefined);
    const ended = iterator.return?.();
    if (next === null) await ended;
    else ended?.catch(() => undefined);
  }
}

/** @returns null when it took longer */
export async function within<Value>(promise: Promise<Value>, ms: number): Promise<Value | null> {
  if (ms === Infinity) return promise;
  if (ms <= 0) return null;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
