/** @returns `topic/partition` of each partition that a service has by what it said so far. Its log is JSON by line. */
export function partitionsHeld(said: string): Set<string> {
  const counts = new Map<string, number>();
  for (const { kind, topic, partition } of movesIn(said)) {
    const place = `${topic}/${partition}`;
    // What is assigned anew may be said before what was given up of it: the former task ends in its own time.
    counts.set(place, (counts.get(place) ?? 0) + (kind === 'assigned' ? 1 : -1));
  }
  return new Set([...counts].flatMap(([place, count]) => (count > 0 ? [place] : [])));
}

/** @returns how many partitions a service gave up because the broker refused what it wanted to commit */
export function commitsRefused(said: string): number {
  return movesIn(said).filter(({ error }) => error !== undefined).length;
}

interface Move {
  readonly kind: 'assigned' | 'revoked';
  readonly topic: string;
  readonly partition: number;
  readonly error?: string;
}

function movesIn(said: string): Move[] {
  return (
    said
      .split('\n')
      .filter(
        (line) => line.includes('"msg":"partition assigned"') || line.includes('"msg":"partition given up"'),
      )
      // What was cut out of a text may begin and end within a line.
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Move)
  );
}
