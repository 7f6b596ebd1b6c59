/**
 * Who may know whom. Packages depend downward in this list only; services know packages and no other service; the
 * command knows everything. Run by `npm run check`, which also proves with a canary that the rules refuse.
 */
export const PACKAGES = {
  money: [],
  numbering: [],
  contracts: [],
  catalog: ['money', 'numbering'],
  'rating-engine': ['money', 'numbering', 'catalog', 'contracts'],
  settlement: ['money', 'catalog', 'contracts', 'rating-engine'],
  'switch-formats': ['contracts'],
  'rate-decks': ['money', 'numbering'],
  'event-log': ['contracts'],
  'usage-store': ['contracts', 'money'],
  'billing-store': ['money'],
  'service-kit': [],
  'catalog-versions': ['catalog', 'event-log', 'service-kit'],
};

/** No I/O, no clock, no environment, no randomness. */
export const PURE_PACKAGES = ['money', 'numbering', 'rating-engine', 'settlement'];

const TESTS = '(\\.(test|bench)\\.ts$|/(test|testing)/|contract-suite)';

/**
 * @param {string} name
 * @param {readonly string[]} allowed
 * @returns {import('dependency-cruiser').IForbiddenRuleType}
 */
function knowsOnlyItsOwn(name, allowed) {
  return {
    name: `${name}-knows-only-its-own`,
    severity: 'error',
    comment: `packages/${name} may import ${allowed.join(', ') || 'no other package'}.`,
    from: { path: `^packages/${name}/` },
    to: { path: '^(packages|services)/', pathNot: `^packages/(${[name, ...allowed].join('|')})/` },
  };
}

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...Object.entries(PACKAGES).map(([name, allowed]) => knowsOnlyItsOwn(name, allowed)),
    {
      name: 'services-are-strangers',
      severity: 'error',
      comment: 'What passes between services is a topic or a table. The command is above them.',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^(services/|packages/cli/)', pathNot: '^services/$1/' },
    },
    {
      name: 'workspaces-by-name',
      severity: 'error',
      comment: 'Another workspace is imported by its name, which gives its public interface only.',
      from: { path: '^((?:packages|services)/[^/]+)/' },
      to: { path: '^(packages|services)/', pathNot: '^$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'pure-packages-touch-nothing',
      severity: 'error',
      comment: 'Money, numbering and rating do no I/O: no built-in modules of Node.',
      from: { path: `^packages/(${PURE_PACKAGES.join('|')})/src/`, pathNot: TESTS },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Two modules that need each other are one module or three.',
      from: { path: '^(packages|services)/' },
      // A type-only import is gone at run time, and a dynamic one is resolved when both are loaded.
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only', 'dynamic-import'] } },
    },
    {
      name: 'nothing-unresolved',
      severity: 'error',
      comment: 'An import that leads nowhere.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-tests-in-production',
      severity: 'error',
      comment: 'Code that ships does not import tests.',
      from: { path: '^(packages|services)/[^/]+/src/', pathNot: TESTS },
      to: { path: '(\\.(test|bench)\\.ts$|^test/)' },
    },
  ],
  options: {
    // TypeScript 7 has no compiler interface for the tool's own parser: with it, it would look at nothing and pass.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)node_modules/(?!@tollstream/)' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  },
};
