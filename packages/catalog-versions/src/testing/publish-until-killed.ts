/** Publishes version 2 of a test catalog into a data directory, and kills its own process at one of the steps. */
import { openSqliteEventLog } from '@tollstream/event-log';
import { publishCatalog } from '../publish.ts';
import { catalogFiles } from './catalog-files.ts';

const [directory = '', killAtStep = ''] = process.argv.slice(2);
const log = openSqliteEventLog({ directory });
let step = 0;
await publishCatalog(log, catalogFiles(2, '0.03'), {
  publishedBy: 'test',
  chunkBytes: 20,
  onStep: () => {
    step += 1;
    if (step === Number(killAtStep)) process.kill(process.pid, 'SIGKILL');
  },
});
await log.close();
