import type { Offset } from '@tollstream/event-log';

/** Something that is not as it must be, at a place that a person can look up. */
export interface Difference {
  /** `<topic>/<partition>`, or the table. */
  readonly place: string;
  /** Of the topic and partition that `text` names, or of `place`. */
  readonly offset: Offset;
  readonly text: string;
}

/** One law that was checked: on how much, and where it is broken. */
export class Check {
  readonly name: string;
  /** Records, blocks or rows that were held against the law. */
  checked = 0;
  #differences = 0;
  #first: Difference | null = null;

  constructor(name: string) {
    this.name = name;
  }

  /** The differences found, as records where they can be counted. */
  get differences(): number {
    return this.#differences;
  }

  /** The one with the lowest offset of those at the place that came first. */
  get first(): Difference | null {
    return this.#first;
  }

  differs(difference: Difference, count = 1): void {
    this.#differences += count;
    const first = this.#first;
    if (first === null || (first.place === difference.place && difference.offset < first.offset)) {
      this.#first = difference;
    }
  }
}

/** The laws in the order of the data's way: what breaks first explains what breaks after it. */
export class Findings {
  readonly offsets = new Check('topics have no gap');
  readonly outcomes = new Check('each raw record has one outcome');
  readonly ingestTotals = new Check('running totals of ingest add up');
  readonly calls = new Check('each call rated or suspended was accepted, once');
  readonly ratingTotals = new Check('running totals of rating add up');
  readonly duplicates = new Check('each other accepted call is a duplicate of one');
  readonly resolutions = new Check('each suspended call is resolved once at most');
  readonly assemblies = new Check('each call put together of parts is their sum');
  readonly alertCalls = new Check('each alert is of a rated call, once');
  readonly rejects = new Check('each rejected record is replayed or discarded once at most');
  readonly prices = new Check('prices come out again');
  readonly usage = new Check('table usage equals the stream');
  readonly suspended = new Check('table usage_suspended equals the stream');
  readonly resolved = new Check('table usage_resolved equals the stream');
  readonly rejected = new Check('table usage_rejected equals the stream');
  readonly alerts = new Check('table usage_alerts equals the stream');
  readonly revisions = new Check('revisions and adjustments account for each other');

  get checks(): readonly Check[] {
    return [
      this.offsets,
      this.outcomes,
      this.ingestTotals,
      this.calls,
      this.ratingTotals,
      this.duplicates,
      this.resolutions,
      this.assemblies,
      this.alertCalls,
      this.rejects,
      this.prices,
      this.usage,
      this.suspended,
      this.resolved,
      this.rejected,
      this.alerts,
      this.revisions,
    ];
  }

  get first(): Difference | null {
    return this.checks.find((check) => check.first !== null)?.first ?? null;
  }
}
