export { readDate } from './dates.ts';
export { type DeckImportResult, type DeckSummary, importDeck } from './import-deck.ts';
export { type DeckMapping, NO_MAPPING, readMapping } from './mapping.ts';
export type { ImportMode } from './merge.ts';
export {
  DECK_PROBLEMS,
  DeckError,
  type DeckProblem,
  DeckProblemList,
  renderDeckProblems,
} from './problems.ts';
export { NO_ROWS, type RowDefaults, type TariffRows, readTariffRows, tariffCsv } from './tariff-rows.ts';
