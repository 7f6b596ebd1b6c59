import { expect, it } from 'vitest';
import { serializeError } from './logger.ts';
import { TollError } from './toll-error.ts';

it('logs what a person can act on with its remedy, and only a defect with its stack', () => {
  const problem = { code: 'TOLL_X_Y', message: 'The x is no y.', remedy: 'Make it one.' };
  const cause = new Error('below');
  expect(serializeError(new TollError({ ...problem, cause }))).toEqual({ type: 'TollError', ...problem });
  expect(serializeError(new TypeError('a defect'))).toMatchObject({
    type: 'TypeError',
    message: 'a defect',
    stack: expect.stringContaining('logger.test.ts') as string,
  });
  expect(serializeError('text')).toBe('text');
});
