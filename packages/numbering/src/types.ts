/** What a dialled or presented number turned out to be. */
export type NumberKind =
  | 'e164' // number > 0
  | 'extension' // internal short number
  | 'emergency' // 911, 933 (test), 112, 190 …
  | 'service_code' // N11 other than 911, 988, *-codes
  | 'anonymous' // withheld, empty, 'anonymous', 'restricted'
  | 'invalid';

/** Result of normalisation; reused between calls on the hot path (copy to keep). */
export interface NormalizedNumber {
  kind: NumberKind;
  /** E.164 digits as an exact integer, 0 unless kind is 'e164'. */
  number: number;
  /** Canonical text of what is no E.164 number ('911', '101', 'anonymous', the original when invalid), '' for e164. */
  text: string;
  /** `;rn=` routing number digits, '' when absent. */
  routingNumber: string;
}

/** National dialling rules, from generated tables. */
export interface DialPlan {
  /** ISO 3166 alpha-2 of the billing country, e.g. 'US'. */
  readonly country: string;
  /** Prepended to subscriber numbers dialled without it; '' when the plan does not allow that. */
  readonly areaCode: string;
}

/** Class of an E.164 number's destination. */
export type NumberClass =
  'geographic' | 'mobile' | 'toll_free' | 'premium' | 'shared_cost' | 'other' | 'unknown';

export interface Destination {
  /** ISO alpha-2 ('JM' for +1 876, 'PR' for +1 787); '' when no country owns the number ('001' global services too). */
  country: string;
  numberClass: NumberClass;
}
