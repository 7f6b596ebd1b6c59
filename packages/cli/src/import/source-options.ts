/** The part of `run` and `import` that says how a file is to be read. */
import type { ReadCallsOptions } from '@tollstream/switch-formats';

export interface SourceFlags {
  readonly format?: string;
  readonly csvHeader?: string;
  readonly timeZone?: string;
  readonly switch?: string;
}

export function readOptions(flags: SourceFlags): ReadCallsOptions {
  return {
    ...(flags.format === undefined ? {} : { format: flags.format }),
    ...(flags.csvHeader === undefined ? {} : { csvHeader: flags.csvHeader }),
    ...(flags.timeZone === undefined ? {} : { timeZone: flags.timeZone }),
    ...(flags.switch === undefined ? {} : { switchId: flags.switch }),
  };
}
