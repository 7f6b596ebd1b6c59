import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeEventLog } from '../contract-suite.ts';
import { openSqliteEventLog } from './sqlite-event-log.ts';

describeEventLog('sqlite', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tollstream-log-'));
  const log = openSqliteEventLog({ directory, backoff: { initialMs: 1, maxMs: 10 } });
  return {
    log,
    other: log,
    dispose: async () => {
      await log.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
});
