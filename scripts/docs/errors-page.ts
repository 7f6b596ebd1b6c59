import { ERROR_CODES } from '@tollstream/service-kit';

/** The reference of error codes, by area. */
export function errorsPage(): string {
  const rows = Object.entries(ERROR_CODES)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { when, remedy }]) => `### ${code}\n\n${when}\n\n**What to do:** ${remedy}\n`);
  return `# Errors

Every error that a user can act on has a stable code, a sentence that names the place, and a remedy. A command prints all
three and ends with 1, or with 2 where its options or its configuration are wrong. Anything without a code is a defect:
please report it with its stack.

What happens to a single call that cannot be read or priced is no error: it ends as rejected or suspended with a code of
its own, kept with its bytes, and counted.

${rows.join('\n')}`;
}
