import { expect, test } from 'vitest';
import { runVerify } from './command.ts';

test.each([
  ['7', '7'],
  ['8', '7'],
])('no range is none: --from %s --to %s is refused before anything is opened', async (from, to) => {
  await expect(runVerify({ data: 'no-such-directory', from, to })).rejects.toMatchObject({
    code: 'TOLL_USAGE_OPTIONS',
    message: `--from ${from} is not below --to ${to}`,
  });
});
