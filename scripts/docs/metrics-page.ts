import { METRICS, type MetricDefinition } from '@tollstream/service-kit';

/** The reference of metrics. */
export function metricsPage(): string {
  const rows = Object.entries(METRICS).map(([name, definition]: [string, MetricDefinition]) => {
    const labels = ['service', ...definition.labels].map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${definition.type} | ${labels} | ${definition.help} |`;
  });
  return `# Metrics

Every service serves these on \`/metrics\` in the Prometheus format, next to \`/healthz\` (the process answers) and \`/readyz\`
(200 when it is ready, else 503 with the reasons). Node's own metrics (\`process_*\`, \`nodejs_*\`: memory, processor time, event
loop lag, garbage collection) are there as well.

| metric | kind | labels | what |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}
