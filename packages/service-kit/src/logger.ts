import { destination, pino, stdSerializers, type Logger } from 'pino';
import { isTollError } from './toll-error.ts';

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
      serializers: { err: serializeError },
    },
    destination({ fd: options.stream === 'stderr' ? 2 : 1, sync: true }),
  );
}

/** What a person can act on is logged with its code and remedy; the stack is for defects only. */
export function serializeError(error: unknown): unknown {
  if (isTollError(error)) {
    const { name, code, message, remedy } = error;
    return { type: name, code, message, remedy };
  }
  return error instanceof Error ? stdSerializers.err(error) : error;
}
