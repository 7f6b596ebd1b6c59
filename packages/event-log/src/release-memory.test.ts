import { expect, test } from 'vitest';
import { releaseMemory } from './release-memory.ts';

test('a buffer with memory of its own is empty afterwards', () => {
  const bytes = Buffer.alloc(100_000, 1);
  const counted = process.memoryUsage().arrayBuffers;
  releaseMemory(bytes);
  expect(bytes.length).toBe(0);
  expect(process.memoryUsage().arrayBuffers).toBeLessThanOrEqual(counted - 100_000);
});

test('a part of something larger stays as it is, and so does what was released before', () => {
  const whole = Buffer.alloc(10, 1);
  releaseMemory(whole.subarray(0, 5));
  expect([...whole]).toEqual(Array.from({ length: 10 }, () => 1));
  const pooled = Buffer.from('a call');
  releaseMemory(pooled);
  expect(String(pooled)).toBe('a call');
  releaseMemory(whole);
  releaseMemory(whole);
  releaseMemory(null);
  expect(whole.length).toBe(0);
});
