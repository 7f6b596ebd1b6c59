import type { SourceRange } from './cut.ts';

/** SQL condition of the rows whose source lies in the ranges. */
export function withinRanges(ranges: ReadonlyMap<string, SourceRange>): string {
  const byTopic = Map.groupBy([...ranges], ([source]) => splitSource(source).topic);
  const conditions = [...byTopic].map(([topic, all]) => {
    const partitions = all.map(([source]) => splitSource(source).partition).join(', ');
    const bound = (name: 'from' | 'storedTo'): string =>
      `transform(source_partition, [${partitions}], [${all.map(([, range]) => `toUInt64(${range[name]})`).join(', ')}], toUInt64(0))`;
    const name = `'${topic.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
    return `(source_topic = ${name} AND source_offset >= ${bound('from')} AND source_offset < ${bound('storedTo')})`;
  });
  return conditions.length === 0 ? '0' : conditions.join(' OR ');
}

export function splitSource(source: string): { topic: string; partition: number } {
  const at = source.lastIndexOf('/');
  return { topic: source.slice(0, at), partition: Number(source.slice(at + 1)) };
}
