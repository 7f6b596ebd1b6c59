import { globSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { variableName, withServiceSettings, type ConfigSchema } from '@tollstream/service-kit';

/** The reference of settings, one table per service. */
export async function configurationPage(root: string): Promise<string> {
  const sections = await Promise.all(
    globSync('services/*/src/config.ts', { cwd: root })
      .sort()
      .map(async (file) => {
        const exported = (await import(join(root, file))) as Record<string, unknown>;
        const schema = Object.values(exported).find(isSchema);
        if (schema === undefined) throw new Error(`${file} exports no configuration schema`);
        return section(schema, basename(dirname(dirname(file))));
      }),
  );
  return `# Configuration

A service reads each setting from the environment, else from a file (\`--config FILE\` or \`TOLLSTREAM_CONFIG_FILE\`; YAML or JSON,
with the setting's name as the key), else takes the default. \`--check-config\` prints what it read, with secrets hidden, and
ends: 0 when it is valid, 2 with all problems when not. \`tollstream topics\` and \`tollstream migrate\` read the same
variables.

${sections.join('\n')}`;
}

function section(schema: ConfigSchema, service: string): string {
  const own = Object.entries(withServiceSettings(schema).settings);
  const rows = own.map(([key, setting]) => {
    const standard = 'default' in setting ? code(setting.print(setting.default)) : 'must be set';
    return `| \`${variableName(key)}\`<br>\`${key}\` | ${setting.summary} | ${setting.needs} | ${standard} |`;
  });
  const rules = schema.relations.map(({ rule }) => `- ${rule}.`);
  return `## ${service}

| variable, name in a file | what | needs | default |
| --- | --- | --- | --- |
${rows.join('\n')}

${rules.length > 0 ? `Rules between settings, checked at start:\n\n${rules.join('\n')}\n` : ''}`;
}

function code(text: string): string {
  return text === '' ? 'empty' : `\`${text}\``;
}

function isSchema(value: unknown): value is ConfigSchema {
  return (
    typeof value === 'object' &&
    value !== null &&
    'settings' in value &&
    'relations' in value &&
    'name' in value
  );
}
