import { createMemoryEventLog } from '@tollstream/event-log';
import { describeCatalogVersions } from './contract-suite.ts';

describeCatalogVersions('memory', async () => {
  const log = createMemoryEventLog();
  return { log, dispose: () => log.close() };
});
