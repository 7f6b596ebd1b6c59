/** Every error this package raises: stable code → what to do about it. */
export const IMPORT_ERRORS = {
  TOLL_IMPORT_UNREADABLE: 'Check the path and that this user may read the file.',
  TOLL_IMPORT_EMPTY: 'Check that the switch wrote the file to its end; an empty file has no calls to import.',
  TOLL_IMPORT_FORMAT_UNKNOWN: 'Name the format with --format.',
  TOLL_IMPORT_TIME_ZONE_MISSING:
    'Name the zone that the switch wrote its times in, such as --time-zone America/New_York, or --time-zone UTC.',
  TOLL_IMPORT_TIME_ZONE_UNKNOWN:
    'Use a name of the IANA time zone database, such as America/New_York or UTC.',
  TOLL_IMPORT_HEADER_MISSING:
    'Give the columns with --csv-header, or begin the file with a line of column names.',
  TOLL_IMPORT_COMPRESSION: 'Copy the file again, or decompress it first; it is cut off or damaged.',
  TOLL_IMPORT_AVRO_HEADER: 'Check that the file is an Avro object container; its header cannot be read.',
  TOLL_IMPORT_AVRO_CODEC: 'Write the container with codec null, deflate, snappy or zstandard.',
} as const;

export type ImportErrorCode = keyof typeof IMPORT_ERRORS;

/** A source that cannot be imported at all; single bad records are rejected instead. */
export class ImportError extends Error {
  override readonly name = 'ImportError';
  readonly code: ImportErrorCode;
  readonly remedy: string;

  constructor(code: ImportErrorCode, message: string, options?: ErrorOptions & { remedy?: string }) {
    super(message, options);
    this.code = code;
    this.remedy = options?.remedy ?? IMPORT_ERRORS[code];
  }
}
