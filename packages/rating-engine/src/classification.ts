import type { CallType } from '@tollstream/contracts';
import { DESTINATIONS, destinationId, normalize } from '@tollstream/numbering';
import type { Destination, NormalizedNumber, NumberKind } from '@tollstream/numbering';
import type { RatingCall } from './call.ts';
import type { OwnNumbers } from './own-numbers.ts';
import type { RatedAccount } from './rate-table.ts';

/** What the rules of classification look at. */
export interface CallFacts {
  direction: RatingCall['direction'];
  destinationKind: NumberKind;
  /** Country and class of the destination, when it is an E.164 number and the call goes out. */
  country: string;
  numberClass: Destination['numberClass'];
  isDomestic: boolean;
  /** It is a toll-free number, and the plan's country and the destination's have one stock of toll-free numbers: North America's +1 8XX. */
  isSharedTollFree: boolean;
  /** Premium prefix of the plan that the destination begins with; 0 = none. */
  premiumPrefix: number;
  /** The toll-free number on which the account was called; 0 = none. */
  tollFreeNumber: number;
  isSameAreaCode: boolean;
  /** It came in to an extension from an extension or a number of the same account: the terminating side of an internal call. */
  isFromInside: boolean;
}

export interface ClassificationRule {
  readonly callType: CallType;
  /** The rule in words, for explanations. */
  readonly condition: string;
  applies(facts: CallFacts): boolean;
}

/**
 * In order: the first rule that applies names the call. Nothing here is keyed on a calling code; which countries are
 * domestic and which numbers are premium is data of the plan.
 */
export const CLASSIFICATION_RULES: readonly ClassificationRule[] = [
  {
    callType: 'emergency',
    condition: 'the call is not inbound and goes to an emergency number',
    applies: (facts) => facts.direction !== 'inbound' && facts.destinationKind === 'emergency',
  },
  {
    callType: 'toll_free_inbound',
    condition: 'the call is inbound and the account was called on a toll-free number',
    applies: (facts) => facts.direction === 'inbound' && facts.tollFreeNumber !== 0,
  },
  {
    callType: 'internal',
    condition: 'the call is inbound, from an extension or number of the account to an extension',
    applies: (facts) => facts.direction === 'inbound' && facts.isFromInside,
  },
  {
    callType: 'inbound',
    condition: 'the call is inbound',
    applies: (facts) => facts.direction === 'inbound',
  },
  {
    callType: 'internal',
    condition: 'the switch says internal, or the destination is an extension',
    applies: (facts) => facts.direction === 'internal' || facts.destinationKind === 'extension',
  },
  {
    callType: 'service_code',
    condition: 'the destination is a service code (N11 other than emergency, 988, star codes)',
    applies: (facts) => facts.destinationKind === 'service_code',
  },
  {
    callType: 'premium',
    condition: "the destination begins with one of the plan's premium prefixes",
    applies: (facts) => facts.destinationKind === 'e164' && facts.premiumPrefix !== 0,
  },
  {
    callType: 'premium',
    condition: 'the destination is of the premium number class',
    applies: (facts) => facts.destinationKind === 'e164' && facts.numberClass === 'premium',
  },
  {
    callType: 'toll_free_outbound',
    condition:
      "the destination is toll-free, and domestic, shared with the plan's country or of no one country",
    applies: (facts) =>
      facts.destinationKind === 'e164' &&
      facts.numberClass === 'toll_free' &&
      (facts.isDomestic || facts.isSharedTollFree || facts.country === '' || facts.country === '001'),
  },
  {
    callType: 'local',
    condition: 'the destination is domestic and of the same North American area code as the origin',
    applies: (facts) => facts.destinationKind === 'e164' && facts.isDomestic && facts.isSameAreaCode,
  },
  {
    callType: 'long_distance',
    condition: "the destination's country is among the plan's domestic countries",
    applies: (facts) => facts.destinationKind === 'e164' && facts.isDomestic,
  },
  {
    callType: 'international',
    condition: 'the destination is any other E.164 number',
    applies: (facts) => facts.destinationKind === 'e164',
  },
];

/** @returns the rule that names the call, or null when the destination is no number that can be called */
export function classifyCall(facts: CallFacts): ClassificationRule | null {
  const key = factsKey(facts);
  let answer = answers[key]!;
  if (answer === NOT_ASKED) {
    // The index + 1 of the rule; 0 = none.
    answer = CLASSIFICATION_RULES.findIndex((rule) => rule.applies(facts)) + 1;
    answers[key] = answer;
  }
  return answer === 0 ? null : CLASSIFICATION_RULES[answer - 1]!;
}

const NOT_ASKED = 255;
/** What the rules say of each combination of what they look at, found when a call first has it: there are few. */
const answers = new Uint8Array(1 << 12).fill(NOT_ASKED);

/** Everything that a rule may look at, as a number: what the answer depends on. */
function factsKey(facts: CallFacts): number {
  const { direction, country } = facts;
  return (
    (direction === 'outbound' ? 0 : direction === 'inbound' ? 1 : 2) |
    (kindKey(facts.destinationKind) << 2) |
    (facts.numberClass === 'premium' ? 1 << 5 : facts.numberClass === 'toll_free' ? 2 << 5 : 0) |
    (facts.isDomestic ? 1 << 7 : 0) |
    (facts.isSharedTollFree || country === '' || country === '001' ? 1 << 8 : 0) |
    ((direction === 'inbound' ? facts.tollFreeNumber : facts.premiumPrefix) !== 0 ? 1 << 9 : 0) |
    (facts.isSameAreaCode ? 1 << 10 : 0) |
    (facts.isFromInside ? 1 << 11 : 0)
  );
}

function kindKey(kind: NumberKind): number {
  switch (kind) {
    case 'e164':
      return 0;
    case 'emergency':
      return 1;
    case 'extension':
      return 2;
    case 'service_code':
      return 3;
    default:
      return 4;
  }
}

// Filled anew by every call to `describeCall`; nothing is read from them across calls.
const scratchNumber: NormalizedNumber = { kind: 'invalid', number: 0, text: '', routingNumber: '' };

/** @param out filled and returned, so that the hot path allocates nothing here */
export function describeCall(
  call: RatingCall,
  { account, plan, numbers }: RatedAccount,
  out: CallFacts,
): CallFacts {
  const { direction, destinationNumber, originNumber } = call;
  out.direction = direction;
  out.destinationKind = destinationNumber > 0 ? 'e164' : kindOfText(call.destinationText, account.dialPlan);
  out.country = '';
  out.numberClass = 'unknown';
  out.isDomestic = false;
  out.isSharedTollFree = false;
  out.premiumPrefix = 0;
  out.tollFreeNumber = 0;
  out.isSameAreaCode = false;
  out.isFromInside = false;
  if (direction === 'inbound') {
    out.isFromInside = out.destinationKind === 'extension' && isInside(call, account, numbers);
    // A switch may have translated the toll-free number to a local one before it wrote the record.
    if (isTollFree(destinationNumber, numbers)) out.tollFreeNumber = destinationNumber;
    else if (isTollFree(call.originalDestinationNumber, numbers)) {
      out.tollFreeNumber = call.originalDestinationNumber;
    }
    if (originNumber > 0) out.country = DESTINATIONS[destinationId(originNumber)]!.country;
  } else if (direction === 'outbound' && destinationNumber > 0) {
    const destination = plan.destinations[destinationId(destinationNumber)]!;
    out.country = destination.country;
    out.numberClass = destination.numberClass;
    out.isDomestic = destination.isDomestic;
    out.isSharedTollFree = destination.isSharedTollFree;
    out.premiumPrefix = plan.premium.match(destinationNumber);
    const originArea = originNumber > 0 ? areaCode(originNumber) : Number(account.dialPlan.areaCode);
    out.isSameAreaCode = originArea > 0 && originArea === areaCode(destinationNumber);
  }
  return out;
}

export function noFacts(): CallFacts {
  return {
    direction: 'outbound',
    destinationKind: 'invalid',
    country: '',
    numberClass: 'unknown',
    isDomestic: false,
    isSharedTollFree: false,
    premiumPrefix: 0,
    tollFreeNumber: 0,
    isSameAreaCode: false,
    isFromInside: false,
  };
}

/** Whether the caller is an extension, or a number of the account. */
function isInside(
  { originNumber, originText }: RatingCall,
  { dialPlan }: RatedAccount['account'],
  numbers: OwnNumbers,
): boolean {
  if (originNumber > 0) return numbers.has(originNumber);
  return kindOfText(originText, dialPlan) === 'extension';
}

/** Of longer texts there are too many to remember what they are, and it may depend on the area code. */
const REMEMBERED_TEXT_MAX = 4;
/** Texts of a country that are remembered; beyond it all are forgotten at once. */
const REMEMBERED_TEXTS_MAX = 20_000;
const kindsByCountry = new Map<string, Map<string, NumberKind>>();

function kindOfText(text: string, dialPlan: RatedAccount['account']['dialPlan']): NumberKind {
  if (text.length > REMEMBERED_TEXT_MAX) return readKind(text, dialPlan);
  let kinds = kindsByCountry.get(dialPlan.country);
  if (kinds === undefined) kindsByCountry.set(dialPlan.country, (kinds = new Map()));
  let kind = kinds.get(text);
  if (kind === undefined) {
    kind = readKind(text, dialPlan);
    if (kinds.size >= REMEMBERED_TEXTS_MAX) kinds.clear();
    kinds.set(text, kind);
  }
  return kind;
}

function readKind(text: string, dialPlan: RatedAccount['account']['dialPlan']): NumberKind {
  const { kind } = normalize(text, dialPlan, scratchNumber);
  // What ingest could not read as E.164 is none, even where another dial plan could.
  return kind === 'e164' ? 'invalid' : kind;
}

function isTollFree(number: number, numbers: OwnNumbers): boolean {
  if (number === 0) return false;
  return DESTINATIONS[destinationId(number)]!.numberClass === 'toll_free' || numbers.hasTollFree(number);
}

/** Area code of a North American number (country code 1, eleven digits); 0 for all others. */
function areaCode(number: number): number {
  return number >= 1e10 && number < 2e10 ? Math.floor(number / 1e7) - 1000 : 0;
}
