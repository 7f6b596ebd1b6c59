#!/usr/bin/env node
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endWithParent, findNode24, isNode24, runUnder } from './node24.mjs';

const here = dirname(fileURLToPath(import.meta.url));

if (isNode24()) {
  endWithParent();
  module.enableCompileCache();
  await import('../src/main.ts');
} else {
  const node = findNode24(here);
  if (node === null) {
    process.stderr.write(
      `TOLL_SETUP_NODE_OLD: tollstream needs Node 24 and this is ${process.version}. ` +
        'Run "npm ci --include=optional" in the project folder, which brings its own Node 24, or install Node 24.\n',
    );
    process.exitCode = 1;
  } else {
    runUnder(node, [join(here, 'tollstream.mjs'), ...process.argv.slice(2)]);
  }
}
