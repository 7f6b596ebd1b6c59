import type { Plan } from '@tollstream/catalog';
import { DESTINATIONS, isNorthAmerican } from '@tollstream/numbering';
import type { Destination } from '@tollstream/numbering';

/** What a plan makes of the country and class of a number. */
export interface PlanDestination extends Readonly<Destination> {
  readonly isDomestic: boolean;
  /** It is toll-free, and the plan's country and the destination's have one stock of toll-free numbers: North America's +1 8XX. */
  readonly isSharedTollFree: boolean;
}

/** Of every country and class that there is: by `destinationId`. */
export function planDestinations({
  country: planCountry,
  domesticCountries,
}: Pick<Plan, 'country' | 'domesticCountries'>): readonly PlanDestination[] {
  const sharesTollFree = isNorthAmerican(planCountry);
  return DESTINATIONS.map(({ country, numberClass }) => ({
    country,
    numberClass,
    isDomestic: domesticCountries.has(country),
    isSharedTollFree: sharesTollFree && numberClass === 'toll_free' && isNorthAmerican(country),
  }));
}
