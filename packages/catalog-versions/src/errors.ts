/** What can be wrong with versions of the catalog: the closed list of codes, and the sentences. */
import { TollError } from '@tollstream/service-kit';

/** Every code, and what to do about it. */
export const CATALOG_VERSION_PROBLEMS = {
  TOLL_CATALOG_VERSION_EXISTS:
    'Raise `version` in catalog.yaml, or let the command count with --next. What differs: `tollstream catalog diff`.',
  TOLL_CATALOG_VERSION_OLDER:
    'Raise `version` in catalog.yaml, or use --next; `tollstream catalog rollback` brings back old content.',
  TOLL_CATALOG_VERSION_UNKNOWN: '`tollstream catalog history` lists the versions that there are.',
  TOLL_CATALOG_VERSION_NONE: 'Publish one: `tollstream catalog publish DIR`.',
  TOLL_CATALOG_VERSION_NEWER_FORMAT: 'Update this installation.',
  TOLL_CATALOG_CONTENT_MISSING:
    'Let the catalog topic keep its records (cleanup.policy=compact, no retention), and publish the catalog again with --next.',
  TOLL_CATALOG_CONTENT_DAMAGED:
    'Publish the catalog again as a new version, with this release of Tollstream.',
  TOLL_CATALOG_CONTENT_UNREADABLE: 'Publish the catalog again as a new version.',
  TOLL_CATALOG_PUBLISH_OVERTAKEN:
    'Look at `tollstream catalog history`, and publish again if it is still wanted.',
  TOLL_CATALOG_EFFECTIVE_OUT_OF_ORDER:
    'Choose a time that is not before it. To give it up, publish what is to hold instead, for the same time.',
} as const;

export type CatalogVersionErrorCode = keyof typeof CATALOG_VERSION_PROBLEMS;

/** A version of the catalog cannot be published or used. Trying again as it is does not help. */
export class CatalogVersionError extends TollError {}

function problem(code: CatalogVersionErrorCode, message: string, cause?: unknown): CatalogVersionError {
  const remedy = CATALOG_VERSION_PROBLEMS[code];
  return new CatalogVersionError({ code, message, remedy, ...(cause === undefined ? {} : { cause }) });
}

export function versionExists(version: number): CatalogVersionError {
  return problem(
    'TOLL_CATALOG_VERSION_EXISTS',
    `Version ${version} is published already, with other content.`,
  );
}

export function versionOlder(version: number, newest: number): CatalogVersionError {
  return problem(
    'TOLL_CATALOG_VERSION_OLDER',
    `Version ${version} is older than version ${newest}, which is published.`,
  );
}

export function versionUnknown(version: number, known: readonly number[]): CatalogVersionError {
  const range = known.length === 0 ? 'there is none yet' : `there are ${known[0]} to ${known.at(-1)}`;
  return problem(
    'TOLL_CATALOG_VERSION_UNKNOWN',
    `No version ${version} of the catalog was published; ${range}.`,
  );
}

export function noVersion(topic: string): CatalogVersionError {
  return problem('TOLL_CATALOG_VERSION_NONE', `No version of the catalog is published on ${topic}.`);
}

export function newerFormat(format: number): CatalogVersionError {
  return problem(
    'TOLL_CATALOG_VERSION_NEWER_FORMAT',
    `A version of the catalog was published in format ${format}, by a newer Tollstream.`,
  );
}

export function contentMissing(version: number, found: number, chunks: number): CatalogVersionError {
  return problem(
    'TOLL_CATALOG_CONTENT_MISSING',
    `Of the ${chunks} pieces of version ${version} there are ${found} on the topic.`,
  );
}

export function contentDamaged(version: number, what: string): CatalogVersionError {
  return problem(
    'TOLL_CATALOG_CONTENT_DAMAGED',
    `The content of version ${version} is not what was published: ${what}.`,
  );
}

export function contentUnreadable(why: string, cause?: unknown): CatalogVersionError {
  return problem(
    'TOLL_CATALOG_CONTENT_UNREADABLE',
    `The content of a published catalog cannot be unpacked: ${why}.`,
    cause,
  );
}

export function overtaken(cause: unknown): CatalogVersionError {
  return problem(
    'TOLL_CATALOG_PUBLISH_OVERTAKEN',
    'Another publication began while this one was under way, and went first.',
    cause,
  );
}

export function effectiveOutOfOrder(effectiveAt: string, waiting: string): CatalogVersionError {
  return problem(
    'TOLL_CATALOG_EFFECTIVE_OUT_OF_ORDER',
    `The version would hold from ${effectiveAt}, before the one ahead of it does (from ${waiting}).`,
  );
}
