import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import schema from '../../../schemas/catalog.schema.json' with { type: 'json' };

it('is checked against a schema that is one', () => {
  const ajv = new Ajv2020({ strict: false });
  expect(ajv.validateSchema(schema), ajv.errorsText()).toBe(true);
  expect(ajv.validateSchema({ ...schema, $defs: { plan: { type: 'plan' } } })).toBe(false);
});
