/**
 * Emergency numbers and public service codes by country, as regulators publish them. They are dialled without any prefix and are
 * recognised before a country code is added. Only a country's own codes count: 112 is an emergency in Germany, and an
 * ordinary extension behind a switchboard in the US.
 */

interface ShortCodes {
  readonly emergency: ReadonlySet<string>;
  readonly service: ReadonlySet<string>;
}

/** North America: 933 reads back the caller's emergency location (a test call to the emergency service). */
const NORTH_AMERICA = '911 933 : 211 311 411 511 611 711 811 988 0';

/** Codes of all EU members besides their own. */
const EUROPE = ': 116000 116006 116111 116117 116123';

/** Country → `emergency codes : service codes`. */
const CODES: Readonly<Record<string, string>> = {
  AE: '112 997 998 999 : 101',
  AR: '100 101 107 911 : 102 103 110 114 144',
  AT: `112 122 128 133 140 141 144 147 ${EUROPE}`,
  AU: '000 106 112 : 1194 1196',
  BE: `100 101 112 ${EUROPE}`,
  BR: '112 190 191 192 193 194 197 198 199 911 : 100 102 103 105 106 111 121 123 125 127 128 129 130 132 135 136 138 142 144 145 146 147 148 150 151 152 153 154 155 156 157 158 159 160 161 162 163 164 165 166 167 168 180 181 185 188',
  CH: '112 117 118 143 144 145 147 1414 1415 : 1600 162 163 164 187 1811',
  CL: '131 132 133 : 134 137 138 139 600',
  CN: '110 119 120 122 : 114 12110 12117 12119 12345',
  CO: '112 119 123 125 132 : 113 155 156 165',
  CZ: `112 150 155 156 158 ${EUROPE}`,
  DE: `110 112 ${EUROPE} 115 11833`,
  DK: `112 ${EUROPE} 114 118`,
  ES: `061 062 080 085 088 091 092 112 ${EUROPE} 010 012 016 024 060 11818`,
  FI: `112 ${EUROPE}`,
  FR: `112 114 15 17 18 191 196 197 ${EUROPE} 115 119 3939 1013 1014`,
  GB: '112 999 : 100 101 105 111 119 155 116000 116006 116111 116117 116123 118118 118500',
  GR: `100 108 112 166 199 ${EUROPE}`,
  HK: '112 992 999 : 1081 1083',
  HU: `104 105 107 112 ${EUROPE}`,
  IE: `112 999 ${EUROPE}`,
  IL: '100 101 102 112 : 103 104 106 144',
  IN: '100 101 102 108 112 : 103 104 1091 1098 139 181 197 198',
  IT: `112 113 114 115 117 118 1515 1530 ${EUROPE}`,
  JP: '110 118 119 : 104 113 114 115 117 171 177',
  KR: '112 113 119 122 : 114 116 131',
  LU: `112 113 ${EUROPE}`,
  MX: '911 : 020 030 040 050 070 071 072 074 075 078 079 089',
  NL: `112 ${EUROPE} 113 144 14020`,
  NO: '110 112 113 : 116000 116111 116117 116123 02800',
  NZ: '111 : 018 105',
  PE: '105 106 116 117 : 103',
  PL: `112 997 998 999 ${EUROPE}`,
  PT: `112 117 ${EUROPE}`,
  RU: '101 102 103 104 112 :',
  SE: `112 ${EUROPE} 11313 11414`,
  SG: '995 999 : 1777',
  TR: '110 112 155 156 : 118 182',
  UA: '101 102 103 104 112 :',
  ZA: '10111 10177 112 : 1020 1023 1026',
};

/** Where a country's codes are not listed, only those that mobile networks know everywhere count. */
const ELSEWHERE = '112 :';

/** @param northAmerican whether the country is part of the North American Numbering Plan */
export function shortCodesOf(country: string, northAmerican: boolean): ShortCodes {
  const [emergency = '', service = ''] = (
    northAmerican ? NORTH_AMERICA : (CODES[country] ?? ELSEWHERE)
  ).split(':');
  const words = (text: string): Set<string> => new Set(text.split(' ').filter((word) => word !== ''));
  return { emergency: words(emergency), service: words(service) };
}
