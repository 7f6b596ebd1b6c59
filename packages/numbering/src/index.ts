export type { Destination, DialPlan, NormalizedNumber, NumberClass, NumberKind } from './types.ts';
export { classify } from './classify.ts';
export { knownCountries } from './dialling-rules.ts';
export { normalize } from './normalize.ts';
export { METADATA_VERSION } from './tables.generated.ts';
