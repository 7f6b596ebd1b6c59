/** `docker-compose.yml` names only what exists, and gives each service a configuration that its schema accepts. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { loadConfig, withServiceSettings, type ConfigSchema } from '@tollstream/service-kit';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '../..');

type Condition = 'service_started' | 'service_healthy' | 'service_completed_successfully';
interface ComposeService {
  image: string;
  build?: { context: string; dockerfile: string };
  command?: string[];
  environment?: Record<string, string>;
  healthcheck?: { test: string[] };
  depends_on?: string[] | Record<string, { condition: Condition }>;
  volumes?: string[];
  ports?: string[];
  stop_grace_period?: string;
}
const compose = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Record<string, ComposeService>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services);
const schemas = await Promise.all(
  globSync('services/*/src/config.ts', { cwd: ROOT }).map(async (file) => {
    const exported = Object.values((await import(join(ROOT, file))) as Record<string, unknown>);
    const schema = exported.find(
      (value) => typeof value === 'object' && value !== null && 'relations' in value,
    );
    return [basename(dirname(dirname(file))), schema as ConfigSchema] as const;
  }),
);

it('has the stores, the preparation, the four services, metrics and a dashboard', () => {
  const prepared = ['kafka', 'clickhouse', 'postgres', 'topics', 'catalog', 'migrate'];
  const running = ['ingest', 'rating', 'aggregator', 'billing', 'prometheus', 'grafana'];
  expect(new Set(Object.keys(compose.services))).toEqual(new Set(prepared.concat(running)));
});

describe.each(services)('%s', (name, service) => {
  it('waits only for what can become so', () => {
    const wanted = Array.isArray(service.depends_on)
      ? service.depends_on.map((other) => [other, { condition: 'service_started' }] as const)
      : Object.entries(service.depends_on ?? {});
    for (const [other, { condition }] of wanted) {
      const target = compose.services[other];
      expect(target, `${name} depends on ${other}`).toBeDefined();
      if (condition === 'service_healthy') expect(target?.healthcheck, other).toBeDefined();
      if (condition === 'service_completed_successfully')
        expect(['topics', 'catalog', 'migrate']).toContain(other);
    }
  });

  it('mounts files that exist and volumes that are declared', () => {
    for (const volume of service.volumes ?? []) {
      const [source = ''] = volume.split(':');
      if (source.startsWith('.')) expect(existsSync(join(ROOT, source)), source).toBe(true);
      else expect(Object.keys(compose.volumes)).toContain(source);
    }
  });

  it('is built from a file that exists or has an image with a version, and opens ports to this machine only', () => {
    if (service.build)
      expect(existsSync(join(ROOT, service.build.context, service.build.dockerfile))).toBe(true);
    else expect(service.image).toMatch(/:v?\d+/);
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
  });
});

it.each(schemas)('%s is given a configuration that it accepts', (name, schema) => {
  const service = compose.services[name];
  expect(service?.command).toEqual([name]);
  const env = Object.fromEntries(
    Object.entries(service?.environment ?? {}).map(([variable, value]) => [
      variable,
      value.replace(/\$\{\w+:-(\w*)\}/g, '$1'),
    ]),
  );
  const { values, warnings } = loadConfig(withServiceSettings(schema), { env });
  expect(warnings).toEqual([]);
  expect(service?.healthcheck?.test.join(' ')).toContain(
    `127.0.0.1:${String(values['operationsPort'])}/readyz`,
  );
  // Docker kills after the grace period: the service must have ended by itself before.
  expect(Number.parseInt(service?.stop_grace_period ?? '', 10) * 1000).toBeGreaterThan(
    Number(values['shutdownDeadlineMs']),
  );
});

it('Prometheus reads the metrics of the four services where they serve them', () => {
  const { scrape_configs } = parse(readFileSync(join(ROOT, 'deploy/prometheus/prometheus.yml'), 'utf8')) as {
    scrape_configs: { static_configs: { targets: string[] }[] }[];
  };
  const targets = scrape_configs.flatMap((job) => job.static_configs.flatMap((group) => group.targets));
  expect(targets).toEqual(['ingest', 'rating', 'aggregator', 'billing'].map((name) => `${name}:9400`));
});

it('the image holds what the services read, and does not run as root', () => {
  const dockerfile = readFileSync(join(ROOT, 'deploy/docker/Dockerfile'), 'utf8');
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) =>
    sources.split(' '),
  );
  for (const source of copied) expect(existsSync(join(ROOT, source)), source).toBe(true);
  expect(copied).toEqual(expect.arrayContaining(['packages', 'services', 'schemas']));
  expect(dockerfile.lastIndexOf('\nUSER node')).toBeGreaterThan(dockerfile.lastIndexOf('\nFROM '));
});
