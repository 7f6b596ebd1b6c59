/**
 * Where things stand in a record batch of the present format (magic 2).
 *
 *   0 first offset  8 length  12 leader epoch  16 magic  17 crc  21 attributes  23 last offset delta  27 first timestamp
 *   35 max timestamp  43 producer id  51 producer epoch  53 base sequence  57 count  61 records
 */
export const LENGTH_END = 12;
export const MAGIC_AT = 16;
export const ATTRIBUTES_AT = 21;
export const LAST_DELTA_AT = 23;
export const FIRST_TIMESTAMP_AT = 27;
export const MAX_TIMESTAMP_AT = 35;
export const PRODUCER_AT = 43;
export const COUNT_AT = 57;
export const HEAD_BYTES = 61;
export const MAGIC = 2;

/** Attributes. */
export const COMPRESSION = 0x07;
export const LOG_APPEND_TIME = 0x08;
export const IN_TRANSACTION = 0x10;
export const CONTROL = 0x20;
