import { expect, test } from 'vitest';
import { commitsRefused, partitionsHeld } from './partitions-held.ts';

function move(kind: 'assigned' | 'revoked', partition: number, error?: string): string {
  const msg = kind === 'assigned' ? 'partition assigned' : 'partition given up';
  return JSON.stringify({ level: 'info', kind, topic: 'raw', partition, error, msg });
}

test('a partition is held from when it is assigned until it is given up', () => {
  const said = ['ready', move('assigned', 0), move('assigned', 1), move('revoked', 0)].join('\n');
  expect([...partitionsHeld(said)]).toEqual(['raw/1']);
});

test('a partition that is assigned anew before the former task of it has ended is held', () => {
  const said = [move('assigned', 0), move('assigned', 0), move('revoked', 0)].join('\n');
  expect([...partitionsHeld(said)]).toEqual(['raw/0']);
});

test('what was given up because a commit was refused is counted, also in a text that begins within a line', () => {
  const refused = move('revoked', 1, 'Another owner took the partition');
  expect(commitsRefused([move('revoked', 0), refused, refused].join('\n'))).toBe(2);
  expect(commitsRefused(`${refused.slice(5)}\n${refused}`)).toBe(1);
});
