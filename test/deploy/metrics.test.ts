/** The dashboard and the alert rules ask for metrics that exist, with labels that they have, in PromQL that parses. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { createMetrics, METRICS, type MetricDefinition } from '@tollstream/service-kit';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

const DEPLOY = join(import.meta.dirname, '../../deploy');
/** Labels that Prometheus itself adds. */
const TARGET_LABELS = ['job', 'instance', 'le'];

interface Dashboard {
  panels: { title: string; targets?: { expr: string; datasource: { uid: string } }[] }[];
}
interface Alerts {
  groups: { rules: { alert: string; expr: string; for: string; annotations: Record<string, string> }[] }[];
}

const dashboard = JSON.parse(
  readFileSync(join(DEPLOY, 'grafana/dashboards/pipeline.json'), 'utf8'),
) as Dashboard;
const alerts = parse(readFileSync(join(DEPLOY, 'prometheus/alerts.yml'), 'utf8')) as Alerts;
const queries = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => [`panel ${title}`, expr] as const),
  ),
  ...alerts.groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => [`alert ${alert}`, expr] as const)),
];

/** Name → labels, of everything a service serves. */
async function servedMetrics(): Promise<Map<string, readonly string[]>> {
  const served = new Map<string, readonly string[]>([['up', []]]);
  for (const { name } of await createMetrics({ service: 'test' }).registry.getMetricsAsJSON())
    served.set(name, []);
  for (const [name, definition] of Object.entries(METRICS) as [string, MetricDefinition][]) {
    const labels = ['service', ...definition.labels];
    const names =
      definition.type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name];
    for (const each of names) served.set(each, labels);
  }
  return served;
}

/** The texts of all nodes of a kind in a query's syntax tree. */
function parts(query: string, kind: string): string[] {
  const found: string[] = [];
  parser.parse(query).iterate({
    enter: (node) => {
      if (node.name === kind) found.push(query.slice(node.from, node.to));
    },
  });
  return found;
}

it('there are queries to check', () => expect(queries.length).toBeGreaterThan(20));

it.each(queries)('%s parses: %s', (_name, query) => {
  let broken = false;
  parser.parse(query).iterate({ enter: (node) => void (broken ||= node.type.isError) });
  expect(broken).toBe(false);
});

it.each(queries)('%s asks for what is served: %s', async (_name, query) => {
  const served = await servedMetrics();
  const names = parts(query, 'VectorSelector').map((selector) => selector.replace(/\{.*/s, '').trim());
  expect(names.length).toBeGreaterThan(0);
  const labels = new Set(parts(query, 'LabelName'));
  const known = new Set(TARGET_LABELS);
  for (const name of names) {
    expect([...served.keys()]).toContain(name);
    for (const label of served.get(name) ?? []) known.add(label);
  }
  for (const label of labels) expect([...known]).toContain(label);
});

it('a query for a metric that does not exist is noticed', async () => {
  expect(parts('sum(rate(tollstream_nothing_total[1m]))', 'VectorSelector')).toEqual([
    'tollstream_nothing_total',
  ]);
  expect((await servedMetrics()).has('tollstream_nothing_total')).toBe(false);
});

it('panels use the provisioned data source, and every alert says what to do', () => {
  const { datasources } = parse(
    readFileSync(join(DEPLOY, 'grafana/provisioning/datasources/prometheus.yml'), 'utf8'),
  ) as { datasources: { uid: string }[] };
  const uids = dashboard.panels.flatMap(({ targets = [] }) =>
    targets.map(({ datasource }) => datasource.uid),
  );
  expect(new Set(uids)).toEqual(new Set(datasources.map(({ uid }) => uid)));
  for (const { rules } of alerts.groups) {
    for (const rule of rules)
      expect(rule.annotations).toEqual({
        summary: expect.stringMatching(/./),
        action: expect.stringMatching(/./),
      });
  }
});
