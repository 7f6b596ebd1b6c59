/** Starts one of the four services in this process; each lives in its own workspace and reads its own configuration. */
import type { ServiceName, ServiceOptions } from './commands/services.ts';

export async function runService(name: ServiceName, options: ServiceOptions): Promise<void> {
  const service = await load(name);
  const argv = [
    ...(options.config === undefined ? [] : ['--config', options.config]),
    ...(options.checkConfig === true ? ['--check-config'] : []),
  ];
  process.exitCode = await service.main(argv);
}

function load(name: ServiceName): Promise<{ main(argv: readonly string[]): Promise<number> }> {
  switch (name) {
    case 'ingest':
      return import('@tollstream/service-ingest/main');
    case 'rating':
      return import('@tollstream/service-rating/main');
    case 'aggregator':
      return import('@tollstream/service-aggregator/main');
    case 'billing':
      return import('@tollstream/service-billing/main');
  }
}
