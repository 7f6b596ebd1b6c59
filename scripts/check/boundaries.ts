import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import rules, { PACKAGES } from '../../.dependency-cruiser.mjs';
import type { StepResult } from './step.ts';

/** Fewer modules than this means that the tool did not look. */
const MODULES_MIN = 30;
const CANARY_FOLDER = 'test/fixtures/boundaries';
/** What the canary's imports break. */
const CANARY_RULES = [
  'money-knows-only-its-own',
  'pure-packages-touch-nothing',
  'services-are-strangers',
  'workspaces-by-name',
];

/** Holds the imports against the rules, and the rules against imports that they must refuse. */
export async function checkBoundaries(root: string): Promise<StepResult> {
  const real = await cruiseFolders(root);
  const canary = await cruiseFolders(join(root, CANARY_FOLDER));
  const modules = real.modules.filter(({ source }) => /^(packages|services)\//.test(source)).length;
  const problems = real.summary.violations.map(({ rule, from, to }) => `${from} → ${to}: ${rule.name}`);
  if (modules < MODULES_MIN)
    problems.push(`only ${modules} modules were looked at, expected at least ${MODULES_MIN}`);
  for (const name of readdirSync(join(root, 'packages'))) {
    if (name !== 'cli' && !(name in PACKAGES))
      problems.push(`packages/${name} has no rule in .dependency-cruiser.mjs`);
  }
  const refused = new Set(canary.summary.violations.map(({ rule }) => rule.name));
  for (const rule of CANARY_RULES) {
    if (!refused.has(rule)) problems.push(`the canary's import is not refused by ${rule}`);
  }
  return {
    ok: problems.length === 0,
    summary: `${modules} modules, ${problems.length} problems, canary refused by ${CANARY_RULES.filter((rule) => refused.has(rule)).length} rules`,
    details: problems.join('\n'),
  };
}

async function cruiseFolders(baseDir: string): Promise<ICruiseResult> {
  const { output } = await cruise(['packages', 'services'], {
    ...rules.options,
    baseDir,
    ruleSet: { forbidden: rules.forbidden },
    validate: true,
    outputType: 'json',
  } as Parameters<typeof cruise>[1]);
  return typeof output === 'string' ? (JSON.parse(output) as ICruiseResult) : output;
}
