/** A process that issues one invoice after another into the directory it is given, says each number once it is issued, and never ends. */
import { writeSync } from 'node:fs';
import { openEmbeddedBillingStore } from '../store.ts';
import { invoiceFor } from './requests.ts';

const store = await openEmbeddedBillingStore(process.argv[2]);
await store.migrate();
const present = (await store.balances({})).length;
for (let i = present; ; i++) {
  const [issued] = await store.issueInvoices([invoiceFor(`account-${i}`)], 'test');
  writeSync(1, `${issued?.kind} ${issued?.number}\n`);
}
