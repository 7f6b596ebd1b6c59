/** Cases of a property test. `FC_CASES_PERCENT` lowers them where a test runs thousands of times, as under mutations. */
export function casesOf(cases: number): number {
  return Math.ceil((cases * Number(process.env['FC_CASES_PERCENT'] ?? 100)) / 200) * 2;
}
