export * from './account-partition.ts';
export * from './block.ts';
export { ByteDictionary } from './byte-dictionary.ts';
export * from './call-block.ts';
export * from './call-hash.ts';
export * from './call.ts';
export * from './columns.ts';
export * from './errors.ts';
export { KnownTexts } from './known-texts.ts';
export * from './native-reader.ts';
export * from './native-stream.ts';
export {
  FixedString16Builder,
  Int64Builder,
  LowCardinalityBuilder,
  NativeBlockWriter,
  RememberedKeys,
  StringBuilder,
  UInt16Builder,
  UInt32Builder,
  UInt8Builder,
} from './native-writer.ts';
export type { BuilderOf, BuildersOf, ColumnBuilder, ColumnList } from './native-writer.ts';
export * from './totals-arithmetic.ts';
export * from './totals.ts';
export { boundsCheck } from './avro-bounds.ts';
export { callEventEnd, callEventHeader, callEventType, encodeCallEvent } from './call-event-avro.ts';
export { CALL_TEXT, CallEventCursor } from './call-event-cursor.ts';
export { CallEventJsonLocator } from './call-event-json-locator.ts';
export { CallEventDecoder } from './call-event-decoder.ts';
export * from './call-event-json.ts';
export type { DecodedRecord } from './decoded-record.ts';
export * from './instant.ts';
export * from './schema-source.ts';
export { decompressSnappy } from './snappy.ts';
