/** Every error this package raises: stable code → what to do about it. */
export const CONTRACT_ERRORS = {
  TOLL_BLOCK_MAGIC:
    'Check that the topic carries Tollstream blocks and that its name is configured for the right stage.',
  TOLL_BLOCK_TRUNCATED:
    'The message was cut. Raise max.message.bytes on the topic and look for a broken producer.',
  TOLL_BLOCK_SCHEMA_NEWER:
    'A newer Tollstream wrote this block. Upgrade this service before it reads the topic.',
  TOLL_NATIVE_TRUNCATED:
    'The block was cut or is damaged. Read the record again from the log; if it persists, report it.',
  TOLL_NATIVE_TYPE:
    'Only the column types listed in native-types.ts are read; cast the column in the query that made the block.',
  TOLL_NATIVE_COLUMN:
    'Reader and block disagree on the columns. Check the schema version in the block header.',
  TOLL_NATIVE_ROWS: 'All columns of a block need one value per row. This is a programming error; report it.',
  TOLL_TOTALS_INVALID:
    'The running totals do not add up or cannot be read. Stop the stage and run `tollstream verify` before going on.',
  TOLL_SCHEMA_UNREADABLE: 'Correct the Avro schema file, or remove it from the schema directory.',
  TOLL_SCHEMA_REGISTRY_UNAVAILABLE: 'Check the address, credentials and health of the schema registry.',
} as const;

export type ContractErrorCode = keyof typeof CONTRACT_ERRORS;

/** A block, schema or set of totals that cannot be used; `code` is stable, `remedy` says what to do. */
export class ContractError extends Error {
  override readonly name = 'ContractError';
  readonly code: ContractErrorCode;
  readonly remedy: string;

  constructor(code: ContractErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.remedy = CONTRACT_ERRORS[code];
  }
}
