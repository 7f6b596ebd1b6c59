import { describe, expect, it } from 'vitest';
import { createLifecycle } from './lifecycle.ts';

describe('createLifecycle', () => {
  it('stops in reverse order, one step at a time', async () => {
    const done: string[] = [];
    const lifecycle = createLifecycle({ deadlineMs: 60_000 });
    for (const what of ['store', 'log', 'reader']) {
      lifecycle.onStop(what, async () => {
        done.push(`${what} begins`);
        await Promise.resolve();
        done.push(`${what} ends`);
      });
    }
    expect(await lifecycle.stop()).toEqual({ failed: [], overran: null });
    expect(done).toEqual([
      'reader begins',
      'reader ends',
      'log begins',
      'log ends',
      'store begins',
      'store ends',
    ]);
  });

  it('goes on after a step that fails, and reports it', async () => {
    const error = new Error('no');
    let closed = false;
    const lifecycle = createLifecycle({ deadlineMs: 60_000 });
    lifecycle.onStop('store', () => void (closed = true));
    lifecycle.onStop('reader', () => Promise.reject(error));
    expect(await lifecycle.stop()).toEqual({ failed: [{ what: 'reader', error }], overran: null });
    expect(closed).toBe(true);
  });

  it('names the step that overran the deadline', async () => {
    const lifecycle = createLifecycle({ deadlineMs: 20 });
    lifecycle.onStop('store', () => {});
    lifecycle.onStop('reader', () => new Promise(() => {}));
    expect(await lifecycle.stop()).toEqual({ failed: [], overran: 'reader' });
  });

  it('stops once, however often it is asked', async () => {
    let times = 0;
    const lifecycle = createLifecycle({ deadlineMs: 60_000 });
    lifecycle.onStop('store', () => void times++);
    await Promise.all([lifecycle.stop(), lifecycle.stop()]);
    expect(times).toBe(1);
  });
});
