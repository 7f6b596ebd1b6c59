import { afterEach, describe, expect, it } from 'vitest';
import { createHealth } from './health.ts';
import { createMetrics } from './metrics.ts';
import { startOperationsServer, type OperationsServer } from './operations-server.ts';

const open: OperationsServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function start(port = 0) {
  const metrics = createMetrics({ service: 'example' });
  const health = createHealth();
  const server = await startOperationsServer({
    host: '127.0.0.1',
    port,
    registry: metrics.registry,
    health,
    portSetting: 'TOLLSTREAM_OPERATIONS_PORT',
  });
  open.push(server);
  return { metrics, health, server };
}

describe('the operations server', () => {
  it('serves the metrics in the Prometheus format', async () => {
    const { metrics, server } = await start();
    metrics.add('tollstream_calls_total', { outcome: 'rated', code: '' }, 3);
    metrics.set('tollstream_lag_records', { topic: 'calls.raw', partition: '2' }, 41);
    metrics.observe('tollstream_batch_seconds', { step: 'commit' }, 0.2);
    const text = await (await fetch(`${server.address}/metrics`)).text();
    expect(text).toContain('tollstream_calls_total{service="example",outcome="rated",code=""} 3');
    expect(text).toContain('tollstream_lag_records{service="example",topic="calls.raw",partition="2"} 41');
    expect(text).toMatch(/tollstream_batch_seconds_bucket\{.*le="0.25".*step="commit".*\} 1/);
    expect(text).toContain('nodejs_eventloop_lag_seconds');
    expect(await metrics.total('tollstream_calls_total')).toBe(3);
  });

  it('is ready once started, and not while a dependency is down or the service stops', async () => {
    const { health, server } = await start();
    const ready = async () => {
      const response = await fetch(`${server.address}/readyz`);
      return [response.status, ((await response.json()) as { reasons: string[] }).reasons];
    };
    expect(await ready()).toEqual([503, ['starting']]);
    health.started();
    expect(await ready()).toEqual([200, []]);
    health.dependency('clickhouse', 'connection refused');
    expect(await ready()).toEqual([503, ['clickhouse: connection refused']]);
    health.dependency('clickhouse', null);
    expect(await ready()).toEqual([200, []]);
    health.warning('catalog', 'version 7 cannot be used');
    expect(await (await fetch(`${server.address}/readyz`)).json()).toEqual({
      ready: true,
      reasons: [],
      warnings: ['catalog: version 7 cannot be used'],
    });
    health.warning('catalog', null);
    health.stopping();
    expect(await ready()).toEqual([503, ['stopping']]);
    expect((await fetch(`${server.address}/healthz`)).status).toBe(200);
  });

  it('says what a busy port needs', async () => {
    const { server } = await start();
    await expect(start(Number(new URL(server.address).port))).rejects.toMatchObject({
      code: 'TOLL_PORT_IN_USE',
      remedy: 'Stop it, or choose another port with TOLLSTREAM_OPERATIONS_PORT (0 takes a free one).',
    });
  });

  it('answers unknown paths and methods', async () => {
    const { server } = await start();
    expect((await fetch(`${server.address}/other`)).status).toBe(404);
    expect((await fetch(`${server.address}/metrics`, { method: 'POST' })).status).toBe(405);
  });
});
