import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteEventLog } from '@tollstream/event-log';
import { describeCatalogVersions } from './contract-suite.ts';

describeCatalogVersions('sqlite', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tollstream-catalog-'));
  const log = openSqliteEventLog({ directory });
  return {
    log,
    async dispose() {
      await log.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
});
