/** Digits after the point of stored money, as the columns of rated usage have them. */
export const CHARGE_SCALE = 6;
export const RATE_SCALE = 8;
