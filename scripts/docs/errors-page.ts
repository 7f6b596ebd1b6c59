import { ERRORS } from './error-table.ts';

/** The reference of error codes, by area. */
export function errorsPage(): string {
  const areas = Object.entries(ERRORS).map(([area, codes]) => {
    const rows = Object.entries(codes).map(
      ([code, { when, remedy }]) => `| \`${code}\` | ${when} | ${remedy} |`,
    );
    return `## ${area[0]?.toUpperCase()}${area.slice(1)}\n\n| code | when | what to do |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
  });
  return `# Errors

Every error that a user can act on has a stable code, a sentence that names the place, and a remedy. A command prints all
three and ends with 1, or with 2 where its options or its configuration are wrong. Anything without a code is a defect:
please report it with its stack.

What happens to a single call that cannot be read or priced is no error: it ends as rejected or suspended with a code of
its own, kept with its bytes, and counted.

${areas.join('\n')}`;
}
