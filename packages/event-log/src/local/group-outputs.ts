import type { OutputRecord } from '../port.ts';
import type { PartitionOutputs } from './local-store.ts';

/** Sorts the outputs of one commit by partition, keeping their order within each. */
export function groupOutputs(outputs: readonly OutputRecord[]): PartitionOutputs[] {
  const groups: { topic: string; partition: number; records: OutputRecord[] }[] = [];
  const byTopic = new Map<string, Map<number, OutputRecord[]>>();
  let topic = '';
  let ofTopic = new Map<number, OutputRecord[]>();
  for (const output of outputs) {
    if (output.topic !== topic) {
      topic = output.topic;
      ofTopic = byTopic.get(topic) ?? new Map<number, OutputRecord[]>();
      byTopic.set(topic, ofTopic);
    }
    let records = ofTopic.get(output.partition);
    if (!records) {
      records = [];
      ofTopic.set(output.partition, records);
      groups.push({ topic, partition: output.partition, records });
    }
    records.push(output);
  }
  return groups;
}
