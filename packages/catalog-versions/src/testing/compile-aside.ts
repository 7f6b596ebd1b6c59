/** Publishes a test catalog in memory, compiles it on the thread that services have for it, and prints a rate. */
import { createMemoryEventLog } from '@tollstream/event-log';
import { compileVersionAside } from '../aside.ts';
import { publishCatalog } from '../publish.ts';
import { findVersion, readStoredContent } from '../read.ts';
import { catalogTopic } from '../topic.ts';
import { catalogFiles } from './catalog-files.ts';

const log = createMemoryEventLog();
await log.createTopics([catalogTopic()]);
await publishCatalog(log, catalogFiles(1, '0.02'), { publishedBy: 'test' });
const version = await findVersion(log, 'newest');
const catalog = await compileVersionAside(version, await readStoredContent(log, version));
process.stdout.write(`${catalog.tariffs.get('domestic')!.rates.at(0).ratePerMinute}\n`);
await log.close();
