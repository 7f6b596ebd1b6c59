/**
 * Adds to `package-lock.json` the packages of other platforms that a registry mirror did not offer when the lock was
 * written. npm leaves such optional dependencies out of the lock, and then `npm ci` refuses the lock as out of sync.
 * Run it after every `npm install` that changed the lock: `node scripts/complete-lock.mjs`. With `--check` it writes nothing
 * and fails when something is missing.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const file = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const lock = JSON.parse(readFileSync(file, 'utf8'));
const added = [];
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const own = `${path}/node_modules/${name}`;
    const hoisted = `node_modules/${name}`;
    const platform = platformOf(name);
    if (platform === null || own in lock.packages || hoisted in lock.packages) continue;
    lock.packages[hoisted] = { version, ...platform, ...(entry.dev ? { dev: true } : {}), optional: true };
    added.push(`${name}@${version}`);
  }
}
if (process.argv.includes('--check')) {
  if (added.length > 0) {
    process.stderr.write(
      `package-lock.json lacks ${added.length} packages of other platforms (${added[0]}, …), so "npm ci" refuses it. ` +
        'Run "node scripts/complete-lock.mjs" and commit the lock.\n',
    );
    process.exitCode = 1;
  }
} else if (added.length > 0) {
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
  process.stderr.write(`${added.length} packages of other platforms added to the lock\n`);
}

/**
 * The `os`, `cpu` and `libc` of a platform package, which its name tells by convention; null for others.
 * @param {string} name
 */
function platformOf(name) {
  const match =
    /(aix|android|darwin|freebsd|linux|openharmony|sunos|win32)-(arm64|arm|ia32|loong64|mips64el|ppc64|riscv64|s390x|x64)(?:-(gnu|musl|gnueabihf|musleabihf|eabi|eabihf|msvc))?$/.exec(
      name,
    );
  if (match === null) return null;
  const [, os, cpu, abi = ''] = match;
  const libc = abi.startsWith('gnu') ? 'glibc' : abi.startsWith('musl') ? 'musl' : null;
  return { cpu: [cpu], ...(libc === null ? {} : { libc: [libc] }), os: [os] };
}
