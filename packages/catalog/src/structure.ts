/** Structure of YAML files against the published JSON Schema, with each finding at its place. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import schema from '../../../schemas/catalog.schema.json' with { type: 'json' };
import type { ProblemList } from './problems.ts';
import type { Path, YamlFile } from './read-yaml.ts';

export type FileKind = 'catalog' | 'plan' | 'tariff' | 'accounts' | 'billing';

// Every command that reads a catalog compiles these anew: without a second look at the schema (a test has it) and without
// polishing code that runs once for each file, that takes half the time.
const ajv = new Ajv2020({
  allErrors: true,
  strict: false,
  meta: false,
  validateSchema: false,
  code: { optimize: false },
});
ajv.addSchema(schema);
const validators = new Map<FileKind, ValidateFunction>();

function validatorOf(kind: FileKind): ValidateFunction {
  let validator = validators.get(kind);
  if (validator === undefined) {
    validator = ajv.compile({ $ref: `${schema.$id}#/$defs/${kind}` });
    validators.set(kind, validator);
  }
  return validator;
}

export function checkStructure(yaml: YamlFile, kind: FileKind, problems: ProblemList): void {
  const validate = validatorOf(kind);
  if (validate(yaml.value)) return;
  for (const error of validate.errors ?? []) {
    // 'if' only repeats what its branch reports; decimals are checked where they are read, which can say more.
    if (error.keyword === 'if' || error.schemaPath.includes('/decimal/')) continue;
    const path = pathOf(error.instancePath);
    const place =
      error.keyword === 'additionalProperties'
        ? yaml.keyPlace([...path, String(error.params['additionalProperty'])])
        : yaml.place(path);
    problems.add(
      'TOLL_CATALOG_STRUCTURE_INVALID',
      place,
      sentence(error, path, path.length === 0 && yaml.value === null),
    );
  }
}

function sentence(error: ErrorObject, path: Path, isEmpty: boolean): string {
  const where = path.length === 0 ? 'The file' : `"${path.join('.')}"`;
  switch (error.keyword) {
    case 'required':
      return `${where} lacks "${error.params['missingProperty']}"`;
    case 'additionalProperties':
      return `${where} has no key "${error.params['additionalProperty']}"`;
    case 'enum':
      return `${where} must be one of ${(error.params['allowedValues'] as unknown[]).join(', ')}`;
    case 'type':
      if (isEmpty) return 'The file is empty';
      return `${where} must be of type ${[error.params['type']].flat().join(' or ')}`;
    default:
      return `${where} ${error.message ?? 'does not fit the schema'}`;
  }
}

function pathOf(pointer: string): Path {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}
