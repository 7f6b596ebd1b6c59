import { describeEventLog } from '../contract-suite.ts';
import { createMemoryEventLog } from './memory-event-log.ts';

for (const controlRecords of [true, false]) {
  describeEventLog(`memory, ${controlRecords ? 'with' : 'without'} control records`, async () => {
    const log = createMemoryEventLog({ controlRecords, backoff: { initialMs: 1, maxMs: 10 } });
    return { log, other: log, dispose: async () => log.close() };
  });
}
