/** Two records of a call that was there: a longer one, and one of an account that its number would have moved to. */
export function contradicting(lines: readonly Buffer[]): Buffer[] {
  const first = lines
    .map((line) => line.toString())
    .find((line) => line.includes('"disposition":"answered","account":"harborline-logistics"'))!;
  const event = JSON.parse(first) as { ended_at: number };
  return [
    { ...event, ended_at: event.ended_at + 60_000 },
    { ...event, account: 'peachtree-accounting' },
  ].map((other) => Buffer.from(JSON.stringify(other)));
}
