import { DIRECTIONS } from '@tollstream/contracts';
import type { Direction } from '@tollstream/contracts';
import { explanationText, quoteCall } from '@tollstream/rating-engine';
import { catalogOf } from './catalog-option.ts';
import type { QuoteOptions } from './commands/quote.ts';
import { parseDurationMs, parseInstantMs } from './duration.ts';
import { UsageError } from './failure.ts';
import { print, table } from './terminal.ts';

export async function runQuote(options: QuoteOptions): Promise<void> {
  const answeredAt = parseInstantMs(options.answered, '--answered');
  const durationMs = parseDurationMs(options.duration, '--duration');
  const direction = options.direction === undefined ? undefined : parseDirection(options.direction);
  const catalog = await catalogOf(options);
  const { quote, explanation } = quoteCall({
    catalog,
    account: options.account,
    from: options.from,
    to: options.to,
    answeredAt,
    durationMs,
    ...(direction === undefined ? {} : { direction }),
  });
  if (options.json === true) {
    print(JSON.stringify(options.explain === true ? { ...quote, explanation } : quote));
    return;
  }
  const rows = Object.entries(quote).map(([field, value]) => [field.replaceAll('_', ' '), String(value)]);
  print(table(['field', 'value'], rows));
  if (options.explain === true && explanation !== null) print(`\n${explanationText(explanation)}`);
}

function parseDirection(text: string): Direction {
  const direction = DIRECTIONS.find((each) => each === text);
  if (direction !== undefined) return direction;
  throw new UsageError({
    code: 'TOLL_USAGE_DIRECTION',
    message: `--direction: '${text}' is not a direction`,
    remedy: `Use one of ${DIRECTIONS.join(', ')}.`,
  });
}
