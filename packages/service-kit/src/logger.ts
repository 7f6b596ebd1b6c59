import { destination, pino, type Logger } from 'pino';

export type { Logger } from 'pino';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * JSON lines, one per event. Written at once, so that the last line before an exit is there.
 * @param options.stream where the lines go; services use standard output, commands with data output standard error
 */
export function createLogger(options: {
  name: string;
  level: LogLevel;
  stream?: 'stdout' | 'stderr';
}): Logger {
  return pino(
    {
      name: options.name,
      level: options.level,
      base: { pid: process.pid },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination({ fd: options.stream === 'stderr' ? 2 : 1, sync: true }),
  );
}
