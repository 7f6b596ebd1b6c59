export type { Destination, DialPlan, NormalizedNumber, NumberClass, NumberKind } from './types.ts';
export { AREA_CODES, areaCodeOf } from './area-codes.ts';
export type { AreaCode } from './area-codes.ts';
export { DESTINATIONS, classify, destinationId } from './classify.ts';
export { callingCodeOf, isNorthAmerican, knownCountries } from './dialling-rules.ts';
export { normalize, normalizeE164 } from './normalize.ts';
export { countryOfArea, countryWithStates, relationOf, stateName, stateOf } from './states.ts';
export { E164_DIGITS_MAX, POWERS_OF_TEN, digitCount, packDigits, packedDigit } from './packed-digits.ts';
export { METADATA_VERSION } from './tables.generated.ts';
