import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../test/example-service.ts', import.meta.url));

/** A real process: exit codes and signals are proved with nothing less. */
function start(env: Record<string, string> = {}, argv: string[] = []) {
  const child = spawn(process.execPath, [SCRIPT, ...argv], {
    env: { TOLLSTREAM_OPERATIONS_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += String(chunk)));
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  const ended = once(child, 'close').then(([code]) => ({
    code: code as number,
    messages: lines.map((line) =>
      line.startsWith('{') ? (JSON.parse(line) as { msg: string; step?: string }) : line,
    ),
    text: lines.join('\n'),
    errors,
  }));
  const said = async (word: string): Promise<void> => {
    while (!lines.some((line) => line.includes(word))) await Promise.race([once(reader, 'line'), ended]);
  };
  return { child, ended, said };
}

describe('startService', () => {
  it('becomes ready, and on SIGTERM stops readers before stores and ends with 0', async () => {
    const { child, ended, said } = start();
    await said('"ready"');
    child.kill('SIGTERM');
    const { code, messages } = await ended;
    expect(code).toBe(0);
    const steps = messages.flatMap((line) => (typeof line === 'object' && line.step ? [line.step] : []));
    expect(steps).toEqual(['reader', 'store', 'operations server']);
  });

  it('stops while it is still starting', async () => {
    const { child, ended, said } = start({ TOLLSTREAM_WORK: 'never starts' });
    await said('metrics and health');
    child.kill('SIGINT');
    expect((await ended).code).toBe(0);
  });

  it('ends with 1 when its work fails, and says why', async () => {
    const { code, text } = await start({ TOLLSTREAM_WORK: 'fails' }).ended;
    expect(code).toBe(1);
    expect(text).toContain('the broker refused the password');
  });

  it('ends with 1 when the stop overruns its deadline, naming the step', async () => {
    const { child, ended, said } = start({
      TOLLSTREAM_STOP: 'never',
      TOLLSTREAM_SHUTDOWN_DEADLINE_MS: '100',
    });
    await said('"ready"');
    child.kill('SIGTERM');
    const { code, messages } = await ended;
    expect(code).toBe(1);
    expect(messages).toContainEqual(
      expect.objectContaining({ msg: 'the stop overran its deadline', step: 'reader' }),
    );
  });

  it('ends at once at a second signal, and takes two at the same time for one', async () => {
    const { child, ended, said } = start({ TOLLSTREAM_STOP: 'never' });
    await said('"ready"');
    child.kill('SIGINT');
    await said('told to stop');
    child.kill('SIGINT');
    // Signals are ignored for half a second after the first one; repeat until one counts.
    const again = setInterval(() => child.kill('SIGINT'), 100);
    const { code, text } = await ended;
    clearInterval(again);
    expect(code).toBe(1);
    expect(text).toContain('told twice to stop');
  });

  it('ends with 2 for a wrong configuration', async () => {
    const { code, errors } = await start({ TOLLSTREAM_STOP: 'slowly', TOLLSTREAM_LOG_LEVEL: 'loud' }).ended;
    expect(code).toBe(2);
    expect(errors).toContain('TOLL_CONFIG_INVALID');
    expect(errors).toContain('TOLLSTREAM_STOP is "slowly"; it needs one of well, never');
    expect(errors).toContain('TOLLSTREAM_LOG_LEVEL is "loud"');
  });

  it('checks a configuration without starting', async () => {
    const { code, text } = await start({ TOLLSTREAM_STOP: 'never' }, ['--check-config']).ended;
    expect(code).toBe(0);
    expect(text).toContain('TOLLSTREAM_STOP=never  # environment');
    expect(text).toContain('The configuration of example is valid.');
  });

  it('refuses options it does not have', async () => {
    const { code, errors } = await start({}, ['--verbose']).ended;
    expect(code).toBe(2);
    expect(errors).toContain('TOLL_OPTION_UNKNOWN');
  });
});
