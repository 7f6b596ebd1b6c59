import { expect, test } from 'vitest';
import { doneWith, hold, keep, ownResponse } from './response-memory.ts';

function response(): Buffer {
  const bytes = Buffer.allocUnsafeSlow(100).fill(1);
  ownResponse(bytes);
  return bytes;
}

test('a response is there until the last of its record sets is done with', () => {
  const bytes = response();
  const [first, second] = [bytes.subarray(10, 20), bytes.subarray(30, 100)];
  hold(first);
  hold(second);
  doneWith(second);
  expect(bytes.length).toBe(100);
  doneWith(first);
  expect(bytes.length).toBe(0);
});

test('a response that somebody looks at without telling stays', () => {
  const bytes = response();
  hold(bytes.subarray(10, 20));
  keep(bytes.subarray(30));
  doneWith(bytes.subarray(10, 20));
  expect(bytes.length).toBe(100);
});

test('memory that is not the response alone is left as it is', () => {
  const shared = Buffer.from('a response over TLS');
  hold(shared);
  doneWith(shared);
  expect(String(shared)).toBe('a response over TLS');
});
