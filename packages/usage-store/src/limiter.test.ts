import { expect, test } from 'vitest';
import { Limiter } from './limiter.ts';

test('lets in so many, in order, and reports when all have left', async () => {
  const limiter = new Limiter(2);
  const entered: number[] = [];
  const releases: (() => void)[] = [];
  const waiting = [0, 1, 2, 3].map(async (i) => {
    releases[i] = await limiter.acquire();
    entered.push(i);
  });
  await Promise.all(waiting.slice(0, 2));
  expect(entered).toEqual([0, 1]);
  releases[0]?.();
  releases[0]?.();
  await waiting[2];
  expect(entered).toEqual([0, 1, 2]);
  releases[1]?.();
  await waiting[3];
  let closed = false;
  const closing = limiter.close().then(() => (closed = true));
  releases[2]?.();
  await Promise.resolve();
  expect(closed).toBe(false);
  releases[3]?.();
  await closing;
});

test('gives the place back when the work fails', async () => {
  const limiter = new Limiter(1);
  await expect(limiter.run(async () => Promise.reject(new Error('x')))).rejects.toThrow('x');
  expect(await limiter.run(async () => 'next')).toBe('next');
});
