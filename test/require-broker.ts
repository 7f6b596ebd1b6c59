/** After the search for a real broker: where one is demanded (`TOLLSTREAM_REQUIRE_BROKER=1`), none is a failure. */
export default function setup(): void {
  if (process.env['TOLLSTREAM_REQUIRE_BROKER'] === '1' && !process.env['KAFKA_BROKERS']) {
    throw new Error(
      'TOLLSTREAM_REQUIRE_BROKER is set and no real broker was found. Set KAFKA_BROKERS, start Docker, or install Java 17 and Maven.',
    );
  }
}
