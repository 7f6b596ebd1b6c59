/** A service for the tests of start and stop: it prints its steps and does what STOP asks. */
import { defineConfig, setting, startService } from '../src/index.ts';

process.exitCode = await startService({
  name: 'example',
  config: defineConfig({
    name: 'example',
    settings: {
      stop: setting.choice({ summary: 'How the stop goes.', of: ['well', 'never'], default: 'well' }),
      work: setting.choice({
        summary: 'How the work goes.',
        of: ['on', 'fails', 'never starts'],
        default: 'on',
      }),
    },
  }),
  async start({ config, onStop, watch }) {
    const alive = setInterval(() => {}, 1000);
    onStop('store', () => clearInterval(alive));
    onStop('reader', () => (config.stop === 'never' ? new Promise<void>(() => {}) : undefined));
    if (config.work === 'never starts') await new Promise(() => {});
    if (config.work === 'fails')
      watch('reader', Promise.reject(new Error('the broker refused the password')));
  },
});
