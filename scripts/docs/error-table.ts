/**
 * Every error code of the project with the sentence that says when it is raised. `docs/errors.md` is made from this table,
 * and the check fails when a source file uses a code that is not here, or the table holds one that nothing uses.
 * Where a package has the remedies in a table of its own, the remedy is taken from there.
 */
import { BILLING_STORE_ERRORS } from '../../packages/billing-store/src/errors.ts';
import { CATALOG_PROBLEMS } from '../../packages/catalog/src/problems.ts';
import { CATALOG_VERSION_PROBLEMS } from '../../packages/catalog-versions/src/errors.ts';
import { CONTRACT_ERRORS } from '../../packages/contracts/src/errors.ts';
import { DECK_PROBLEMS } from '../../packages/rate-decks/src/problems.ts';
import { IMPORT_ERRORS } from '../../packages/switch-formats/src/errors.ts';

export interface ErrorEntry {
  readonly when: string;
  readonly remedy: string;
}

const REMEDIES: Readonly<Record<string, string>> = {
  ...BILLING_STORE_ERRORS,
  ...CATALOG_PROBLEMS,
  ...CATALOG_VERSION_PROBLEMS,
  ...CONTRACT_ERRORS,
  ...DECK_PROBLEMS,
  ...IMPORT_ERRORS,
};

function entry(when: string, remedy: string): ErrorEntry {
  return { when, remedy };
}

/** An entry whose remedy stands in its package's table. */
function own(code: string, when: string): ErrorEntry {
  const remedy = REMEDIES[code];
  if (remedy === undefined) throw new Error(`no package has a remedy for ${code}`);
  return { when, remedy };
}

/** Area → code → entry, in the order of the page. */
export const ERRORS: Readonly<Record<string, Readonly<Record<string, ErrorEntry>>>> = {
  'set-up': {
    TOLL_SETUP_DISK_FULL: entry(
      'There is not enough free disk space for the dependencies.',
      'Free some space, or clone to another disk.',
    ),
    TOLL_SETUP_FOLDER: entry(
      'The project folder cannot be written.',
      'Make the folder writable for the user.',
    ),
    TOLL_SETUP_INSTALL_FAILED: entry(
      '`npm ci` failed.',
      'Read its last lines; check the network and the registry, then run the same command again.',
    ),
    TOLL_SETUP_INSTALL_INCOMPLETE: entry(
      '`npm ci` ended well, and something that is needed is still missing.',
      'Run `npm ci --include=optional --include=dev` and read what it says.',
    ),
    TOLL_SETUP_INSTALL_LOCKED: entry(
      'Another install of this folder has been running for more than ten minutes.',
      'Delete the lock file that the message names and try again.',
    ),
    TOLL_SETUP_NODE_OLD: entry(
      'The Node that runs is too old, and no Node 24 was found.',
      'Run `npm ci --include=optional`, or install Node 24.',
    ),
    TOLL_SETUP_NPM_MISSING: entry(
      'There is no npm to install the dependencies with.',
      'Install npm; it comes with Node.',
    ),
    TOLL_SETUP_PLATFORM: entry(
      'The embedded ClickHouse engine does not run on this platform.',
      'Use Linux with glibc on x64 or arm64 (on Windows: WSL2), or macOS.',
    ),
    TOLL_SETUP_TARGET_UNKNOWN: entry(
      'The launcher was given a target that it does not know.',
      'Use the npm scripts.',
    ),
  },
  'configuration and options': {
    TOLL_CONFIG_FILE_BROKEN: entry(
      'The configuration file is no YAML or JSON, or does not hold named settings.',
      'Correct the place that the message names.',
    ),
    TOLL_CONFIG_FILE_UNREADABLE: entry(
      'The configuration file does not exist or may not be read.',
      'Name an existing file, readable for the user that runs the service.',
    ),
    TOLL_CONFIG_INVALID: entry(
      'Settings are missing, cannot be read, or contradict each other. All of them are listed at once.',
      'Correct the values; docs/configuration.md lists every setting.',
    ),
    TOLL_FILE_UNUSABLE: entry(
      'The system refuses a path that the command was given.',
      'Check the path and what this user may do there, or name another one.',
    ),
    TOLL_GENERATE_NO_ACCOUNTS: entry(
      'The catalog has no account that could place or receive calls.',
      'Add accounts to the catalog, or leave `--catalog` out to use the sample.',
    ),
    TOLL_OPTION_UNKNOWN: entry(
      'A service was given an option that it does not have.',
      'Run it with `--help`.',
    ),
    TOLL_USAGE_CATALOG_VERSION: entry(
      'An argument is not the number of a catalog version.',
      'Give a number such as 12; `tollstream catalog history` lists them.',
    ),
    TOLL_USAGE_BACKUP: entry(
      'The file of a backup exists already, or lies in the directory that is backed up.',
      'Name a new file outside of it.',
    ),
    TOLL_USAGE_ACCOUNT: entry(
      'No account is named, or one that the catalog does not have.',
      'Name an account of the catalog, or ask for all.',
    ),
    TOLL_USAGE_AUTOPAY_FILE: entry(
      'The file of autopay results does not have the columns of its list.',
      'Add `outcome` and `reference` to the list that `payment autopay` wrote.',
    ),
    TOLL_USAGE_DATA: entry(
      'The data directory holds no rated calls.',
      'Run `tollstream run` first, or name its data directory with `--data`.',
    ),
    TOLL_USAGE_DIRECTION: entry(
      '`--direction` is none of the directions.',
      'Use outbound, inbound or internal.',
    ),
    TOLL_USAGE_DURATION: entry(
      'A duration has no unit or is no number.',
      'Write it with its unit, such as `61s`, `1m30s`, `89.999s` or `250ms`.',
    ),
    TOLL_USAGE_FORMAT: entry(
      '`--format` names a format that the command does not write.',
      'Use one that the message lists.',
    ),
    TOLL_USAGE_INSTANT: entry(
      'An instant is not in ISO 8601 or has no zone.',
      'Write it like `2020-01-15T10:00:00Z`.',
    ),
    TOLL_USAGE_MONTH: entry('A month is not written as year and month.', 'Write it like `2020-02`.'),
    TOLL_USAGE_NUMBER: entry(
      'An option needs a whole number.',
      'Write digits only, within the bounds that the message names.',
    ),
    TOLL_USAGE_RESTORE: entry(
      'The directory of a restore is not empty, or the backup is of a newer version.',
      'Name a directory that does not exist; restore newer backups with the version that wrote them.',
    ),
    TOLL_USAGE_OPTIONS: entry(
      'Options of a command are missing, or say the same thing twice.',
      'Give the options that the message names; `--help` lists them.',
    ),
    TOLL_USAGE_TARIFF: entry(
      '`--tariff` cannot be the id of a tariff.',
      'Use letters, digits, `.`, `_` and `-`, at most 64.',
    ),
    TOLL_USAGE_PORT: entry('A port is no number from 0 to 65535.', 'Give a port, or 0 for any free one.'),
    TOLL_SUSPENSE_UNDER_WAY: entry(
      'Suspended calls that were asked for again are not resolved in ClickHouse within `--wait`.',
      'See that rating and the aggregator run and have caught up, then ask again: nothing is taken up twice.',
    ),
    TOLL_USAGE_REASON: entry(
      '`--reason` names no reason for which calls are suspended or records rejected.',
      'Use one that the message lists.',
    ),
  },
  ports: {
    TOLL_HOST_UNKNOWN: entry(
      'A server should listen on an address that this machine does not have.',
      'Use 127.0.0.1 (this machine only) or 0.0.0.0 (every interface).',
    ),
    TOLL_PORT_FORBIDDEN: entry('This user may not listen on the port.', 'Choose a port from 1024 on.'),
    TOLL_PORT_IN_USE: entry(
      'Another program listens on the port.',
      'Stop it, or choose another port with the setting or option that the message names (0 takes a free one).',
    ),
    TOLL_PORT_UNUSABLE: entry(
      'The ClickHouse HTTP endpoint cannot listen on the address or port.',
      'Choose another port, from 1024 on, with the option that the message names.',
    ),
  },
  'data directory': {
    TOLL_BACKUP_DAMAGED: entry(
      'A backup file was cut short, or a file in it differs from its checksum.',
      'Take another copy of the backup; nothing was restored.',
    ),
    TOLL_DATA_CORRUPT: entry(
      'The event log in the data directory is damaged.',
      'Restore the directory from a backup, or start with an empty one (`--data`) and import the calls again.',
    ),
    TOLL_DATA_DISK_FULL: entry(
      'There is no room left on the disk of the data directory.',
      'Free some space; work continues by itself. Nothing that was acknowledged is lost.',
    ),
    TOLL_DATA_FOREIGN: entry(
      'The data directory holds the database of another program.',
      'Choose an empty directory with `--data`.',
    ),
    TOLL_DATA_IN_USE: entry(
      'Another run uses the data directory.',
      'Stop that run, or give this one a directory of its own with `--data`.',
    ),
    TOLL_DATA_IO: entry(
      'The data directory cannot be created, read or written.',
      'Check the disk and the rights of the user, or choose another directory with `--data`.',
    ),
    TOLL_DATA_MISSING: entry(
      'There is no event log in the data directory.',
      'Name the data directory of an earlier run with `--data`, or start one with `tollstream run`.',
    ),
    TOLL_DATA_NEWER: entry(
      'The data directory was written by a newer Tollstream.',
      'Update Tollstream, or choose another directory with `--data`.',
    ),
    TOLL_DATA_SETTINGS: entry(
      '`settings.json` in the data directory cannot be read.',
      'Start `tollstream run` on the data directory once: it writes the file anew.',
    ),
  },
  'event log and Kafka': {
    TOLL_KAFKA_CREDENTIALS: entry(
      'The broker refuses the user or password, or the SASL settings contradict each other.',
      'Correct the SASL mechanism, user and password.',
    ),
    TOLL_KAFKA_MESSAGE_TOO_LARGE: entry(
      'The broker refuses a message as too large.',
      'Raise `max.message.bytes` of the topic; `tollstream topics create` sets it on new ones.',
    ),
    TOLL_KAFKA_NOT_AUTHORIZED: entry(
      'The broker does not let this user do that.',
      'Grant READ, WRITE and DESCRIBE on the topics, READ on the group, and WRITE on transactional ids that begin with the group.',
    ),
    TOLL_KAFKA_TLS: entry(
      'No TLS connection comes about, or a TLS file cannot be read.',
      "Name the authority that signed the broker's certificate, or turn TLS off for a plaintext listener.",
    ),
    TOLL_KAFKA_TOPIC_NOT_READY: entry(
      'A topic was made, and a minute later its partitions still have no leader.',
      'Look at the broker: it is overloaded, or too few of its nodes run. The same command goes on from here.',
    ),
    TOLL_KAFKA_UNREACHABLE: entry(
      'No broker answers.',
      'Start the broker or correct its address; work goes on by itself once it answers.',
    ),
    TOLL_KAFKA_UNSUPPORTED: entry(
      'The broker answers in a way that the client does not understand.',
      "Look at the broker's log for the partition that the message names; nothing was skipped.",
    ),
    TOLL_LOG_CLOSED: entry(
      'The event log was used after it was closed.',
      'This is a fault in the order of shutdown: please report it.',
    ),
    TOLL_LOG_COMMIT_INVALID: entry(
      'A step would move the position backward, or write what the log cannot hold.',
      'This is a fault of the program: please report it.',
    ),
    TOLL_LOG_PARTITIONS_DIFFER: entry(
      'A topic exists with another number of partitions than asked for.',
      'Keep the existing number: accounts are bound to partitions.',
    ),
    TOLL_LOG_PARTITION_MISSING: entry(
      'A topic has fewer partitions than the topic it is written from.',
      'Give all block topics of one installation the same number of partitions.',
    ),
    TOLL_LOG_READ_ONLY: entry(
      'A command that only looks tried to write.',
      'Let the process that owns the data directory do the work.',
    ),
    TOLL_LOG_RECORDS_GONE: entry(
      'Records that were never processed are gone from the topic.',
      "Raise `retention.ms`. To go on without the lost records, set the group's offset with Kafka's own tool; nothing was skipped.",
    ),
    TOLL_LOG_TOPIC_MISSING: entry(
      'The event log has no such topic.',
      'Run `tollstream topics create`, or correct the topic names in the configuration.',
    ),
  },
  ClickHouse: {
    TOLL_STORE_ACCESS_DENIED: entry('ClickHouse refuses the user.', 'Check user, password and grants.'),
    TOLL_STORE_BLOCK_INVALID: entry(
      'Blocks hold another number of rows than their headers say.',
      'Look at the messages of the range that the message names.',
    ),
    TOLL_STORE_BUSY: entry(
      'ClickHouse cannot serve this now (load, memory, replication).',
      'Nothing, when it is rare; when it lasts, see what ClickHouse is short of.',
    ),
    TOLL_STORE_DATABASE_NAME: entry(
      'The text cannot be the name of a database.',
      'Use letters, digits and underscores, not beginning with a digit, at most 63.',
    ),
    TOLL_STORE_DISK_FULL: entry(
      'The disk of ClickHouse is full.',
      'Free some space; work goes on by itself.',
    ),
    TOLL_STORE_IN_USE: entry(
      'Another process uses the directory of the embedded engine.',
      'Stop it, or choose another data directory.',
    ),
    TOLL_STORE_MIGRATIONS_UNREADABLE: entry(
      'The schema files cannot be read or are not numbered without gaps.',
      'Check the installation: files are `NNNN_name.sql` from 0001 on.',
    ),
    TOLL_STORE_MIGRATION_CHANGED: entry(
      'A schema file is not the one that the database was made with.',
      'Restore the file; changes of a schema go into a new file with the next number.',
    ),
    TOLL_STORE_NEWER: entry(
      'The database was made by a newer Tollstream.',
      'Use the newer program, or another database or data directory.',
    ),
    TOLL_STORE_PLATFORM: entry(
      'The embedded engine has no build for this platform, or it was left out of the install.',
      'Run `npm ci --include=optional` on Linux with glibc or macOS, or use a ClickHouse server.',
    ),
    TOLL_STORE_QUERY_FAILED: entry('ClickHouse refuses a query.', 'Correct the query.'),
    TOLL_STORE_ROWS_MISSING: entry(
      'Rows are not in the table although their insert succeeded.',
      'Look whether something deletes from the table; nothing after them is written.',
    ),
    TOLL_STORE_SCHEMA_MISSING: entry('The database lacks a table or column.', 'Run `tollstream migrate`.'),
    TOLL_STORE_UNREACHABLE: entry(
      'ClickHouse does not answer, or its address is no URL.',
      'Check that it runs and that the address is right; work goes on by itself once it answers.',
    ),
    TOLL_STORE_UNUSABLE: entry(
      'The directory of the embedded engine cannot be opened.',
      'Check the rights and the free space of the data directory.',
    ),
  },
  'billing store': {
    TOLL_AMOUNT_INVALID: own(
      'TOLL_AMOUNT_INVALID',
      'An amount of a payment, credit or dispute is not positive, no number, or finer than the currency.',
    ),
    TOLL_BILLING_STORE_FAILED: own(
      'TOLL_BILLING_STORE_FAILED',
      'The billing store refuses for a reason that the message gives.',
    ),
    TOLL_BILLING_STORE_IMMUTABLE: own(
      'TOLL_BILLING_STORE_IMMUTABLE',
      'Something tried to change what was issued or recorded.',
    ),
    TOLL_BILLING_STORE_MIGRATIONS_UNREADABLE: own(
      'TOLL_BILLING_STORE_MIGRATIONS_UNREADABLE',
      'The schema files of the billing store cannot be read.',
    ),
    TOLL_BILLING_STORE_MIGRATION_CHANGED: own(
      'TOLL_BILLING_STORE_MIGRATION_CHANGED',
      'A schema file is not the one that the billing store was made with.',
    ),
    TOLL_BILLING_STORE_NEWER: own(
      'TOLL_BILLING_STORE_NEWER',
      'The billing store was made by a newer Tollstream.',
    ),
    TOLL_BILLING_STORE_SCHEMA_MISSING: own(
      'TOLL_BILLING_STORE_SCHEMA_MISSING',
      'The billing store lacks a table or column.',
    ),
    TOLL_BILLING_STORE_UNREACHABLE: own(
      'TOLL_BILLING_STORE_UNREACHABLE',
      'PostgreSQL does not answer, is shutting down, or refuses the user.',
    ),
    TOLL_BILLING_STORE_UNUSABLE: own(
      'TOLL_BILLING_STORE_UNUSABLE',
      'The directory of the embedded billing store cannot be opened.',
    ),
    TOLL_CANCELLATION_PRESENT: own('TOLL_CANCELLATION_PRESENT', 'The account was cancelled before.'),
    TOLL_CREDIT_TOO_LARGE: own(
      'TOLL_CREDIT_TOO_LARGE',
      'A credit note or dispute is about more than the invoice has left.',
    ),
    TOLL_DISPUTE_DECIDED: own('TOLL_DISPUTE_DECIDED', 'The dispute was credited or refused before.'),
    TOLL_DISPUTE_LATE: own(
      'TOLL_DISPUTE_LATE',
      'A dispute is opened after the days in which disputes are taken.',
    ),
    TOLL_DISPUTE_UNKNOWN: own('TOLL_DISPUTE_UNKNOWN', 'There is no dispute with this id.'),
    TOLL_INVOICE_CHAIN_BROKEN: own(
      'TOLL_INVOICE_CHAIN_BROKEN',
      'An issued document was changed, taken away or put between others.',
    ),
    TOLL_INVOICE_PAID: own('TOLL_INVOICE_PAID', 'An invoice on which something was paid is to be made void.'),
    TOLL_INVOICE_STALE: own(
      'TOLL_INVOICE_STALE',
      'Another invoice took a charge or credit of the account while this one was made.',
    ),
    TOLL_INVOICE_UNKNOWN: own('TOLL_INVOICE_UNKNOWN', 'There is no invoice with this number.'),
    TOLL_INVOICE_VOID: own('TOLL_INVOICE_VOID', 'The invoice is void.'),
    TOLL_REQUEST_KEY_REUSED: own(
      'TOLL_REQUEST_KEY_REUSED',
      'The key of a request already stands for another request.',
    ),
  },
  'blocks and schemas': {
    TOLL_BLOCK_MAGIC: own('TOLL_BLOCK_MAGIC', 'A message on an internal topic is no block.'),
    TOLL_BLOCK_SCHEMA_NEWER: own(
      'TOLL_BLOCK_SCHEMA_NEWER',
      'A block has a newer schema than this program knows.',
    ),
    TOLL_BLOCK_TRUNCATED: own('TOLL_BLOCK_TRUNCATED', 'A block is shorter than its header says.'),
    TOLL_NATIVE_COLUMN: own('TOLL_NATIVE_COLUMN', 'A block lacks a column, or has it with another type.'),
    TOLL_NATIVE_ROWS: own('TOLL_NATIVE_ROWS', 'The columns of a block have different numbers of rows.'),
    TOLL_NATIVE_TRUNCATED: own('TOLL_NATIVE_TRUNCATED', 'The Native bytes of a block end too early.'),
    TOLL_NATIVE_TYPE: own('TOLL_NATIVE_TYPE', 'A block holds a column type that is not read.'),
    TOLL_SCHEMA_REGISTRY_UNAVAILABLE: own(
      'TOLL_SCHEMA_REGISTRY_UNAVAILABLE',
      'The schema registry did not give a schema that a record names.',
    ),
    TOLL_SCHEMA_UNREADABLE: own('TOLL_SCHEMA_UNREADABLE', 'An Avro schema file cannot be used.'),
    TOLL_TOTALS_INVALID: own('TOLL_TOTALS_INVALID', 'Running totals do not add up or cannot be read.'),
  },
  import: {
    TOLL_IMPORT_AVRO_CODEC: own(
      'TOLL_IMPORT_AVRO_CODEC',
      'An Avro file is compressed in a way that is not read.',
    ),
    TOLL_IMPORT_AVRO_HEADER: own('TOLL_IMPORT_AVRO_HEADER', 'The header of an Avro file cannot be read.'),
    TOLL_IMPORT_COMPRESSION: own('TOLL_IMPORT_COMPRESSION', 'A compressed file is cut off or damaged.'),
    TOLL_IMPORT_EMPTY: own('TOLL_IMPORT_EMPTY', 'The file is empty.'),
    TOLL_IMPORT_FORMAT_UNKNOWN: own(
      'TOLL_IMPORT_FORMAT_UNKNOWN',
      'The format of the file is not told by its content.',
    ),
    TOLL_IMPORT_HEADER_MISSING: own('TOLL_IMPORT_HEADER_MISSING', 'A CSV file has no line of column names.'),
    TOLL_IMPORT_TIME_ZONE_MISSING: own(
      'TOLL_IMPORT_TIME_ZONE_MISSING',
      'The format writes local times, and no time zone was named.',
    ),
    TOLL_IMPORT_TIME_ZONE_UNKNOWN: own('TOLL_IMPORT_TIME_ZONE_UNKNOWN', 'There is no such time zone.'),
    TOLL_IMPORT_UNREADABLE: own('TOLL_IMPORT_UNREADABLE', 'The file does not exist or may not be read.'),
  },
  catalog: {
    TOLL_CATALOG_CHARGE_INVERTED: own(
      'TOLL_CATALOG_CHARGE_INVERTED',
      'The maximum charge of a rate is below its minimum charge.',
    ),
    TOLL_CATALOG_COLUMN_MISSING: own(
      'TOLL_CATALOG_COLUMN_MISSING',
      'A CSV file lacks a column that is needed, or is empty.',
    ),
    TOLL_CATALOG_COLUMN_UNKNOWN: own(
      'TOLL_CATALOG_COLUMN_UNKNOWN',
      'A CSV file has a column that is not known, or one twice.',
    ),
    TOLL_CATALOG_COUNTRY_UNKNOWN: own('TOLL_CATALOG_COUNTRY_UNKNOWN', 'There is no such country.'),
    TOLL_CATALOG_CSV_INVALID: own('TOLL_CATALOG_CSV_INVALID', 'A file is no valid CSV.'),
    TOLL_CATALOG_CURRENCY_MISMATCH: own(
      'TOLL_CATALOG_CURRENCY_MISMATCH',
      'A plan refers to a tariff in another currency.',
    ),
    TOLL_CATALOG_CURRENCY_UNKNOWN: own('TOLL_CATALOG_CURRENCY_UNKNOWN', 'There is no such currency.'),
    TOLL_CATALOG_DATE_INVALID: own('TOLL_CATALOG_DATE_INVALID', 'A text is no date or instant.'),
    TOLL_CATALOG_DATE_INVERTED: own('TOLL_CATALOG_DATE_INVERTED', 'A rate ends before it starts.'),
    TOLL_CATALOG_DECIMAL_INVALID: own(
      'TOLL_CATALOG_DECIMAL_INVALID',
      'An amount is missing or no decimal that can be kept exactly.',
    ),
    TOLL_CATALOG_DEFAULT_PLAN_UNKNOWN: own(
      'TOLL_CATALOG_DEFAULT_PLAN_UNKNOWN',
      'The default plan is not in the catalog.',
    ),
    TOLL_CATALOG_DIRECTORY_MISSING: own(
      'TOLL_CATALOG_DIRECTORY_MISSING',
      'The catalog directory cannot be read.',
    ),
    TOLL_CATALOG_EMPTY: own('TOLL_CATALOG_EMPTY', 'The catalog, or a rate file, holds nothing.'),
    TOLL_CATALOG_ENCODING_INVALID: own('TOLL_CATALOG_ENCODING_INVALID', 'A file is no UTF-8.'),
    TOLL_CATALOG_FILE_MISSING: own('TOLL_CATALOG_FILE_MISSING', 'A file that is referred to does not exist.'),
    TOLL_CATALOG_FILE_TOO_LARGE: own(
      'TOLL_CATALOG_FILE_TOO_LARGE',
      'A file is larger, or nested deeper, than is read.',
    ),
    TOLL_CATALOG_FILE_UNREADABLE: own('TOLL_CATALOG_FILE_UNREADABLE', 'A file cannot be read.'),
    TOLL_CATALOG_FILE_UNUSED: own('TOLL_CATALOG_FILE_UNUSED', 'Nothing refers to a file (a warning).'),
    TOLL_CATALOG_QUARTER_INVALID: own(
      'TOLL_CATALOG_QUARTER_INVALID',
      'A quarter of the contribution factors is not written as year and quarter.',
    ),
    TOLL_CATALOG_TABLE_OVERLAP: own('TOLL_CATALOG_TABLE_OVERLAP', 'Two rows of a fee or tax hold at once.'),
    TOLL_CATALOG_TABLE_GAP: own(
      'TOLL_CATALOG_TABLE_GAP',
      'On some days no row of a fee or tax holds, or a quarter is left out (a warning).',
    ),
    TOLL_CATALOG_LOGO_INVALID: own(
      'TOLL_CATALOG_LOGO_INVALID',
      "The seller's logo cannot go into documents.",
    ),
    TOLL_CATALOG_EMAIL_INVALID: own('TOLL_CATALOG_EMAIL_INVALID', 'An address of e-mail is none.'),
    TOLL_CATALOG_BILLING_START_EARLY: own(
      'TOLL_CATALOG_BILLING_START_EARLY',
      'Billing of an account starts within the free months of its contract.',
    ),
    TOLL_CATALOG_FLAG_INVALID: own('TOLL_CATALOG_FLAG_INVALID', 'A value is neither true nor false.'),
    TOLL_CATALOG_ID_DUPLICATE: own('TOLL_CATALOG_ID_DUPLICATE', 'Two things of one kind have the same id.'),
    TOLL_CATALOG_INCREMENT_INVALID: own(
      'TOLL_CATALOG_INCREMENT_INVALID',
      'An interval is no number of seconds that can be charged.',
    ),
    TOLL_CATALOG_INVALID: entry(
      'The catalog has problems; all of them are listed.',
      'Mend what is listed; `tollstream catalog check` shows it again.',
    ),
    TOLL_CATALOG_JURISDICTION_INVALID: own(
      'TOLL_CATALOG_JURISDICTION_INVALID',
      'A row with rates by jurisdiction leaves open which rate holds, or has none.',
    ),
    TOLL_CATALOG_NUMBER_DUPLICATE: own('TOLL_CATALOG_NUMBER_DUPLICATE', 'Two accounts have the same number.'),
    TOLL_CATALOG_NUMBER_INVALID: own('TOLL_CATALOG_NUMBER_INVALID', 'A number is no E.164 number.'),
    TOLL_CATALOG_ORIGIN_GAP: own(
      'TOLL_CATALOG_ORIGIN_GAP',
      'A prefix has rates for some callers alone (a warning).',
    ),
    TOLL_CATALOG_ORIGIN_INVALID: own(
      'TOLL_CATALOG_ORIGIN_INVALID',
      'The origin of a row or a group is no prefix, country or group.',
    ),
    TOLL_CATALOG_POOL_ORDER_INVALID: own(
      'TOLL_CATALOG_POOL_ORDER_INVALID',
      'A rule does not say in which order its pools are used up.',
    ),
    TOLL_CATALOG_POOL_SCOPE_INVALID: own(
      'TOLL_CATALOG_POOL_SCOPE_INVALID',
      'A key of a pool has no meaning for its scope.',
    ),
    TOLL_CATALOG_POOL_SIZE_INVALID: own(
      'TOLL_CATALOG_POOL_SIZE_INVALID',
      'A pool has no size, or more than one.',
    ),
    TOLL_CATALOG_POOL_UNREACHABLE: own(
      'TOLL_CATALOG_POOL_UNREACHABLE',
      'No call can use a pool (a warning).',
    ),
    TOLL_CATALOG_PREFIX_DUPLICATE: own(
      'TOLL_CATALOG_PREFIX_DUPLICATE',
      'Two rates of one prefix hold at the same time.',
    ),
    TOLL_CATALOG_PREFIX_INVALID: own(
      'TOLL_CATALOG_PREFIX_INVALID',
      'A text is no prefix of an E.164 number.',
    ),
    TOLL_CATALOG_PREFIX_SHADOWED: own(
      'TOLL_CATALOG_PREFIX_SHADOWED',
      'A prefix never decides a price (a warning).',
    ),
    TOLL_CATALOG_PREMIUM_WITHOUT_RATE: own(
      'TOLL_CATALOG_PREMIUM_WITHOUT_RATE',
      'A premium prefix of a plan has no rate (a warning).',
    ),
    TOLL_CATALOG_RATE_CHEAPER_BEFORE: own(
      'TOLL_CATALOG_RATE_CHEAPER_BEFORE',
      'Calls cost less until a rate starts (a warning).',
    ),
    TOLL_CATALOG_RATE_UNLIKE_NEIGHBOURS: own(
      'TOLL_CATALOG_RATE_UNLIKE_NEIGHBOURS',
      'A rate is ten times those beside it, or a tenth (a warning).',
    ),
    TOLL_CATALOG_REFERENCE_UNKNOWN: own(
      'TOLL_CATALOG_REFERENCE_UNKNOWN',
      'A plan, tariff, pool or account that is referred to does not exist.',
    ),
    TOLL_CATALOG_SECONDS_INVALID: own('TOLL_CATALOG_SECONDS_INVALID', 'A value is no number of seconds.'),
    TOLL_CATALOG_SET_OVERLAP: own(
      'TOLL_CATALOG_SET_OVERLAP',
      'A set has a prefix within another of its own (a warning).',
    ),
    TOLL_CATALOG_STRUCTURE_INVALID: own(
      'TOLL_CATALOG_STRUCTURE_INVALID',
      'A key is missing, unknown, or has a value of the wrong kind.',
    ),
    TOLL_CATALOG_TARIFF_UNUSED: own('TOLL_CATALOG_TARIFF_UNUSED', 'No plan uses a tariff (a warning).'),
    TOLL_CATALOG_TIERS_INVALID: own(
      'TOLL_CATALOG_TIERS_INVALID',
      'The tiers of a rate cannot be read, or do not ascend.',
    ),
    TOLL_CATALOG_TIME_INVALID: own(
      'TOLL_CATALOG_TIME_INVALID',
      'A text is no time of day, or a window ends where it begins.',
    ),
    TOLL_CATALOG_VALUE_UNKNOWN: own('TOLL_CATALOG_VALUE_UNKNOWN', 'A value is none of those allowed.'),
    TOLL_CATALOG_COST_TERMS: entry(
      'A tariff that is loaded as a cost deck has terms that costs cannot have, or no rate at all.',
      'A cost deck has a rate for each prefix and jurisdiction, increments and connection fees; take the rest out of the tariff.',
    ),
    TOLL_CATALOG_WINDOW_GAP: own(
      'TOLL_CATALOG_WINDOW_GAP',
      'A row has no rate at some time of the week (a warning).',
    ),
    TOLL_CATALOG_YAML_INVALID: own('TOLL_CATALOG_YAML_INVALID', 'A file is no valid YAML.'),
    TOLL_CATALOG_ZONE_UNKNOWN: own('TOLL_CATALOG_ZONE_UNKNOWN', 'There is no such time zone.'),
  },
  'catalog versions': {
    TOLL_CATALOG_CONTENT_DAMAGED: own(
      'TOLL_CATALOG_CONTENT_DAMAGED',
      'The content of a version is not what was published, or this release reads it in another way.',
    ),
    TOLL_CATALOG_CONTENT_MISSING: own(
      'TOLL_CATALOG_CONTENT_MISSING',
      'Pieces of a version are gone from the catalog topic.',
    ),
    TOLL_CATALOG_CONTENT_UNREADABLE: own(
      'TOLL_CATALOG_CONTENT_UNREADABLE',
      'The content of a version cannot be unpacked.',
    ),
    TOLL_CATALOG_EFFECTIVE_OUT_OF_ORDER: own(
      'TOLL_CATALOG_EFFECTIVE_OUT_OF_ORDER',
      'A version would come into force before one that was published earlier.',
    ),
    TOLL_CATALOG_PUBLISH_OVERTAKEN: own(
      'TOLL_CATALOG_PUBLISH_OVERTAKEN',
      'Two publications ran at the same time; this one was the slower.',
    ),
    TOLL_CATALOG_VERSION_EXISTS: own(
      'TOLL_CATALOG_VERSION_EXISTS',
      'A catalog with other content was to be published under a number that is taken.',
    ),
    TOLL_CATALOG_VERSION_NEWER_FORMAT: own(
      'TOLL_CATALOG_VERSION_NEWER_FORMAT',
      'A version was published by a release of Tollstream that this one does not understand.',
    ),
    TOLL_CATALOG_VERSION_NONE: own(
      'TOLL_CATALOG_VERSION_NONE',
      'No version of the catalog has been published.',
    ),
    TOLL_CATALOG_VERSION_OLDER: own(
      'TOLL_CATALOG_VERSION_OLDER',
      'A catalog was to be published under a number below the newest.',
    ),
    TOLL_CATALOG_VERSION_UNKNOWN: own(
      'TOLL_CATALOG_VERSION_UNKNOWN',
      'There is no version with this number.',
    ),
  },
  'rate decks': {
    TOLL_DECK_CODE_AMBIGUOUS: own('TOLL_DECK_CODE_AMBIGUOUS', 'A cell of codes can be read in two ways.'),
    TOLL_DECK_CODE_INVALID: own('TOLL_DECK_CODE_INVALID', 'A cell holds no code of an E.164 number.'),
    TOLL_DECK_CODE_MANGLED: own(
      'TOLL_DECK_CODE_MANGLED',
      'A spreadsheet has made a number or a date of a code.',
    ),
    TOLL_DECK_COLUMN_AMBIGUOUS: own('TOLL_DECK_COLUMN_AMBIGUOUS', 'Several columns may hold the same field.'),
    TOLL_DECK_COLUMN_UNKNOWN: own(
      'TOLL_DECK_COLUMN_UNKNOWN',
      'A column that may decide a price cannot be told by its name; a guess with its confidence is offered.',
    ),
    TOLL_DECK_CONFLICT: own(
      'TOLL_DECK_CONFLICT',
      'Two lines say different things of one prefix at the same time.',
    ),
    TOLL_DECK_COUNTRY_CODE_AMBIGUOUS: own(
      'TOLL_DECK_COUNTRY_CODE_AMBIGUOUS',
      'There is a country code column, and every code begins with it.',
    ),
    TOLL_DECK_CSV_INVALID: own('TOLL_DECK_CSV_INVALID', 'A quote of a CSV file is not closed.'),
    TOLL_DECK_CURRENCY_MISMATCH: own(
      'TOLL_DECK_CURRENCY_MISMATCH',
      'The deck, or one of its amounts, is in another currency than the tariff.',
    ),
    TOLL_DECK_CURRENCY_MISSING: own(
      'TOLL_DECK_CURRENCY_MISSING',
      'Nothing says the currency of a new tariff.',
    ),
    TOLL_DECK_DATE_AMBIGUOUS: own(
      'TOLL_DECK_DATE_AMBIGUOUS',
      'Day and month may stand either way round, or the dates of the deck contradict each other.',
    ),
    TOLL_DECK_DATE_INVALID: own('TOLL_DECK_DATE_INVALID', 'A text is no date of the calendar.'),
    TOLL_DECK_DATE_INVERTED: own('TOLL_DECK_DATE_INVERTED', 'A row ends before it starts.'),
    TOLL_DECK_DATE_MISSING: own(
      'TOLL_DECK_DATE_MISSING',
      'A row holds `ASAP`, or from a day that nothing says.',
    ),
    TOLL_DECK_DECIMAL_AMBIGUOUS: own(
      'TOLL_DECK_DECIMAL_AMBIGUOUS',
      'A comma may be a decimal mark or group thousands, or both are used as decimal mark.',
    ),
    TOLL_DECK_DISCONTINUED_UNKNOWN: own(
      'TOLL_DECK_DISCONTINUED_UNKNOWN',
      'A code is discontinued that the tariff does not have (a warning).',
    ),
    TOLL_DECK_DUPLICATE: own('TOLL_DECK_DUPLICATE', 'Two lines say the same of one prefix (a warning).'),
    TOLL_DECK_EMPTY: own('TOLL_DECK_EMPTY', 'The deck holds no rates.'),
    TOLL_DECK_ENCODING_INVALID: own(
      'TOLL_DECK_ENCODING_INVALID',
      'The bytes of a deck are not in its encoding.',
    ),
    TOLL_DECK_END_AMBIGUOUS: own(
      'TOLL_DECK_END_AMBIGUOUS',
      'A full deck lacks codes of the tariff, and its rows start on different days.',
    ),
    TOLL_DECK_FILE_FORMAT: own(
      'TOLL_DECK_FILE_FORMAT',
      'The file is no readable workbook, or an old or protected one.',
    ),
    TOLL_DECK_FILE_TOO_LARGE: own('TOLL_DECK_FILE_TOO_LARGE', 'The deck has more bytes than are read.'),
    TOLL_DECK_FILE_UNREADABLE: own(
      'TOLL_DECK_FILE_UNREADABLE',
      'The deck or the mapping file cannot be read.',
    ),
    TOLL_DECK_FUTURE_CONFLICT: own(
      'TOLL_DECK_FUTURE_CONFLICT',
      'The tariff holds a later change of a code that the delta does not mention.',
    ),
    TOLL_DECK_HEADER_MISSING: own(
      'TOLL_DECK_HEADER_MISSING',
      'No line looks like a header, or none has the names of the mapping file.',
    ),
    TOLL_DECK_INCREMENT_INVALID: own(
      'TOLL_DECK_INCREMENT_INVALID',
      'Billing increments are no intervals that can be charged.',
    ),
    TOLL_DECK_JURISDICTION_INVALID: own(
      'TOLL_DECK_JURISDICTION_INVALID',
      'Which rate of a row holds in a jurisdiction is not said.',
    ),
    TOLL_DECK_MAPPING_INVALID: own(
      'TOLL_DECK_MAPPING_INVALID',
      'The mapping file is no valid YAML, or a key or value of it is wrong.',
    ),
    TOLL_DECK_ORIGINS_OPEN: own(
      'TOLL_DECK_ORIGINS_OPEN',
      'A full deck says nothing of callers, and the tariff has rows for some alone.',
    ),
    TOLL_DECK_ORIGIN_INVALID: own('TOLL_DECK_ORIGIN_INVALID', 'Which callers a row is for is not known.'),
    TOLL_DECK_RANGE_INVALID: own(
      'TOLL_DECK_RANGE_INVALID',
      'A range of codes is inverted, uneven or too long.',
    ),
    TOLL_DECK_RATE_INVALID: own(
      'TOLL_DECK_RATE_INVALID',
      'A rate is missing, negative, no decimal, or has more digits than are kept.',
    ),
    TOLL_DECK_SHEET_UNKNOWN: own('TOLL_DECK_SHEET_UNKNOWN', 'The workbook has no such sheet.'),
    TOLL_DECK_STATUS_UNKNOWN: own('TOLL_DECK_STATUS_UNKNOWN', 'A word of the status column is not known.'),
    TOLL_DECK_TARIFF_INLINE: own(
      'TOLL_DECK_TARIFF_INLINE',
      'The rates of the tariff stand in its YAML file.',
    ),
    TOLL_DECK_TARIFF_INVALID: own(
      'TOLL_DECK_TARIFF_INVALID',
      'The rates that the tariff has now cannot be read.',
    ),
    TOLL_DECK_UNDATED: own(
      'TOLL_DECK_UNDATED',
      'A deck without dates replaces a tariff that has rates (a warning).',
    ),
  },
  money: {
    TOLL_MONEY_CURRENCY_UNKNOWN: entry('There is no such currency.', 'Use an ISO 4217 code such as USD.'),
    TOLL_MONEY_DIVISOR_INVALID: entry(
      'An amount is divided by something that is no positive whole number.',
      'This is a fault of the program: please report it.',
    ),
    TOLL_MONEY_NOT_DECIMAL: entry(
      'A text is no decimal number.',
      'Write digits with at most one point, such as `0.0125`.',
    ),
    TOLL_MONEY_SCALE_INVALID: entry(
      'An amount is asked for with a number of digits that is not kept.',
      'This is a fault of the program: please report it.',
    ),
    TOLL_MONEY_TOO_LARGE: entry(
      'An amount is too large to be held exactly.',
      'Write a smaller amount; see the limits in the message.',
    ),
    TOLL_MONEY_TOO_MANY_DIGITS: entry(
      'A decimal has more digits after the point than are kept.',
      'Write fewer digits; nothing is rounded in silence.',
    ),
  },
  'settlement and re-rating': {
    TOLL_SETTLEMENT_CATALOG_MISSING: entry(
      'Calls of the month were rated with catalog versions that are not at hand.',
      'Give `--catalog` for each of them, or `--all-by` to price all calls with one catalog.',
    ),
    TOLL_SETTLEMENT_DONE_ALREADY: entry(
      'The month is settled already.',
      'Give `--again` to settle what came since; differences become adjustments.',
    ),
    TOLL_SETTLEMENT_INTERRUPTED: entry(
      'Another settlement or re-rating of the month was interrupted and is not complete.',
      'Run its command again: it goes on. To leave it as it is, give `--abandon`.',
    ),
    TOLL_SETTLEMENT_MONTH_NOT_ENDED: entry(
      'The month has not ended in the time zone of an account.',
      'Settle it when it has ended everywhere, or name accounts for which it has.',
    ),
    TOLL_SETTLEMENT_ORDER: entry(
      'Calls of an account came out of canonical order, or one of them twice.',
      'Please report this as a fault.',
    ),
    TOLL_SETTLEMENT_ROWS_CHANGED: entry(
      'Calls of a settled month do not add up to what was settled: a copy of a call that came after the duplicate window replaced its row.',
      'Settle the month `--again`: what changed becomes adjustments.',
    ),
    TOLL_SETTLEMENT_RUNNING: entry(
      'Another process is settling or re-rating the month.',
      'Wait until it is done. If that process is gone, try again in two minutes.',
    ),
    TOLL_SETTLEMENT_SUM_DIFFERS: entry(
      'The store holds other adjustments than a run computed.',
      'Do not invoice the month. Run `tollstream verify`, and report this with what it says.',
    ),
    TOLL_SETTLEMENT_SUM_TOO_LARGE: entry(
      'The charges of an account add up to more than can be counted exactly.',
      'Look for a rate that is far too high in the tariffs of the account.',
    ),
    TOLL_SETTLEMENT_UNPRICED: entry(
      'Calls have no price in the catalog, or one of another month or currency.',
      'Give a catalog in which each of these calls has a price in its month and currency.',
    ),
    TOLL_SETTLEMENT_VERSION_REUSED: entry(
      'Two catalogs that differ say they are the same version.',
      'Give the changed catalog the next version in its `catalog.yaml`: every row names the version that priced it.',
    ),
  },
  'rating, aggregator and billing': {
    TOLL_AGGREGATOR_BLOCK_FOREIGN: entry(
      'A topic holds blocks that belong to another table.',
      'Check the names of the topics in the configuration of all services.',
    ),
    TOLL_AGGREGATOR_RANGE_CHANGED: entry(
      'A range whose insert had begun holds other rows now.',
      'Records were deleted before they were stored: restore them, or move the offset by hand knowing what is lost.',
    ),
    TOLL_AGGREGATOR_TOPIC_RECREATED: entry(
      'A topic was deleted and made anew under the committed position.',
      'Once all of the old topic is stored, delete the offsets of the group for it.',
    ),
    TOLL_BILLING_ACCOUNT_MOVED: entry(
      'An account has plans or an address of two countries or currencies in one invoice.',
      'Close the account at the end of a month and open another one in the new country.',
    ),
    TOLL_BILLING_ADDRESS_MISSING: entry(
      'An account has no address, country or state that fees and taxes go by.',
      'Give it an address, and country and state under `billing`.',
    ),
    TOLL_BILLING_FACTOR_MISSING: entry(
      'The table of contribution factors lacks the quarter of an invoice.',
      'Add the quarter to `contribution_factors.csv` with its source.',
    ),
    TOLL_BILLING_FEE_RATE_MISSING: entry(
      'No rate of a fee holds in the account’s jurisdiction on the day of issue.',
      'Add a row to `fees.csv`; a fee that is not charged there has a row with 0.',
    ),
    TOLL_BILLING_PLAN_UNKNOWN: entry(
      'An account names a former plan that the catalog does not have.',
      'Keep plans in the catalog as long as accounts name them.',
    ),
    TOLL_BILLING_REMITTANCE_MISSING: entry(
      'The catalog does not say how accounts of a country pay in their currency.',
      'Add it under `remittance` in `billing.yaml`.',
    ),
    TOLL_BILLING_TAX_JURISDICTION_UNKNOWN: entry(
      '`taxes.csv` says nothing of the account’s jurisdiction.',
      'Add a row; where nothing is taxed, one with 0.',
    ),
    TOLL_BILLING_TAX_RATE_MISSING: entry(
      'No rate of a tax holds on the day of issue: the table has a gap.',
      'Add a row to `taxes.csv`; a tax that ended has a row with 0.',
    ),
    TOLL_BILLING_TERMS_MISSING: entry(
      'An invoice is to be issued and the catalog has no `billing.yaml`.',
      'Add it; `examples/hosted-phone` has one.',
    ),
    TOLL_BILLING_TOTAL_NEGATIVE: entry(
      'Credits are more than what an invoice charges.',
      'Credit less, or credit an earlier invoice by a credit note.',
    ),
    TOLL_BILLING_AUTOPAY_DAY: entry(
      'Autopay is asked for another day than its own.',
      'Name the day of `autopay_day` in `billing.yaml`.',
    ),
    TOLL_BILLING_CANCELLATION_FORBIDDEN: entry(
      'Somebody else than a super-admin asks for a cancellation.',
      'Let a super_admin of the account ask.',
    ),
    TOLL_BILLING_MONTH_NOT_ENDED: entry(
      'An invoice is to be issued before the month of its usage has ended where the account is.',
      'Issue it from the 1st on; a preview can be made at any time.',
    ),
    TOLL_BILLING_MONTH_NOT_SETTLED: entry(
      'An invoice is to be issued of a month that is not settled.',
      'Settle it once it has ended: `tollstream settle`; a preview can be made at any time.',
    ),
    TOLL_BILLING_MONTH_IN_SETTLEMENT: entry(
      'A settlement or re-rating is changing the month, or was interrupted while it did.',
      'Wait until it is done, or run the same command again: it goes on.',
    ),
    TOLL_BILLING_ACCOUNT_UNKNOWN: entry(
      'The catalog has no such account.',
      'Name one of the catalog, or give the default plan that its calls were rated on.',
    ),
    TOLL_BILLING_CALLS_CHANGED: entry(
      'Calls of the month were rated while a file of them was written.',
      'Download the file again.',
    ),
    TOLL_BILLING_CURRENCY_MIXED: entry(
      'An account has usage in another currency than it is billed in.',
      'Give the account one currency and rate the month again.',
    ),
    TOLL_BILLING_FAILED: entry(
      'A request could not be answered.',
      "Try again later; the service's log has the reason.",
    ),
    TOLL_BILLING_FILTER_INVALID: entry(
      'A filter of call details names no call type or no day.',
      'Write it as the message says.',
    ),
    TOLL_BILLING_FILE_UNWRITABLE: entry(
      'The file cannot be written.',
      'Name a file in an existing folder with free space that you may write to.',
    ),
    TOLL_BILLING_FORMAT_UNKNOWN: entry(
      'A download was asked for in a format that is not made.',
      'Use one of the formats that the message lists.',
    ),
    TOLL_BILLING_KEYS_INVALID: entry(
      'The file of API keys cannot be used for a reason that the message gives.',
      'Correct the file; [services/billing](../services/billing/README.md) shows one.',
    ),
    TOLL_BILLING_KEY_WRONG: entry('A request has no valid key.', 'Send it as `Authorization: Bearer KEY`.'),
    TOLL_BILLING_METHOD_UNKNOWN: entry(
      'The path knows other methods only.',
      '`/openapi.json` names the methods of each path.',
    ),
    TOLL_BILLING_MONTH_INVALID: entry('A text is no month.', 'Write year and month, such as `2020-02`.'),
    TOLL_BILLING_RANGE_UNSATISFIABLE: entry(
      'Nothing of a download is within the range that was asked for.',
      'Ask for a range within it, or for the whole.',
    ),
    TOLL_BILLING_STORE_ABSENT: entry(
      'The service has no billing store, and knows of nothing that was issued.',
      'Start it with `TOLLSTREAM_POSTGRES_URL`.',
    ),
    TOLL_BILLING_REQUEST_INVALID: entry(
      'A request cannot be read.',
      'Correct the request as the message says.',
    ),
    TOLL_BILLING_ROUTE_UNKNOWN: entry('There is nothing under the path.', '`/openapi.json` names the paths.'),
    TOLL_BILLING_SCOPE_MISSING: entry(
      'The key does not have the scope of the request.',
      'Use a key that has it.',
    ),
    TOLL_RATING_INPUT_UNREADABLE: entry(
      'The topic of accepted calls holds something that is no block of calls.',
      'Check that the topic carries Tollstream blocks only, and that its name is configured for the right stage.',
    ),
    TOLL_RATING_INVARIANT: entry(
      'A price contradicts itself; the partition stops rather than bill it.',
      'Run `tollstream catalog check`; if the catalog is sound, please report this as a fault.',
    ),
    TOLL_RATING_LIMIT_UNKNOWN: entry(
      'The state of a partition was restored while a version of the catalog with other spend limits came into force.',
      'Nothing: the state is restored again, under the catalog in force.',
    ),
    TOLL_RATING_OUTCOME_LOST: entry(
      'The outcomes of a block do not add up to its calls.',
      'This is a fault of the program: stop rating and report it.',
    ),
    TOLL_RATING_OUTPUT_MISSING: entry(
      'The output topics do not hold what the committed position says was written.',
      'Restore the deleted topic, or start with a new group and empty output topics.',
    ),
  },
};
