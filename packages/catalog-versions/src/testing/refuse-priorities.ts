/** Preloaded into a process and its threads: changing a priority is refused, as some sandboxes do, and told on standard error. */
import { writeSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

os.setPriority = (pid: number, priority?: number) => {
  // Not by way of the main thread, which may be gone by then.
  writeSync(2, `refused: setPriority(${pid}, ${priority})\n`);
  throw Object.assign(new Error('A system error occurred: uv_os_setpriority returned EACCES'), {
    code: 'ERR_SYSTEM_ERROR',
  });
};
syncBuiltinESMExports();
