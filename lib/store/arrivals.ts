import type { KnownTraces } from "@/lib/store/known-traces";
import type { TracesToSettle } from "@/lib/store/settle-batch";

/** A trace of which nothing new has come for so many seconds is settled ... */
const QUIET_SECONDS = 2;
/** ... and one that keeps growing is settled when it has waited so long. */
const PATIENCE_SECONDS = 6;
/** As few as this wait for nothing: settling them again costs less than a reader's patience. */
const FEW_TRACES = 200;
/** Of one batch: some 10 MB of rows. */
const SPANS_PER_BATCH = 40_000;
const TRACES_PER_BATCH = 4_000;

/** Whole seconds of ingestion, by the store's clock. */
interface Arrival {
  /** Of the first and the last that is not settled. */
  first: number;
  last: number;
  /** Nothing of the trace was ingested before; 0 when that is not known. */
  since: number;
  /** At least as many as were seen. */
  spans: number;
  waits: boolean;
}

/** Traces of which something has arrived lately, and which of them are to be settled when. */
export class Arrivals {
  private readonly byTrace = new Map<string, Arrival>();
  private waitingTraces = 0;

  constructor(private readonly known: KnownTraces) {}

  get waiting(): number {
    return this.waitingTraces;
  }

  /** @param begins Unix seconds of the earliest span or profile among what arrived */
  add(traceId: string, second: number, spans: number, begins: number): void {
    const arrival = this.byTrace.get(traceId);
    if (arrival === undefined) {
      const since = this.known.isNew(traceId, begins) ? second : 0;
      this.known.add(traceId, second);
      this.byTrace.set(traceId, { first: second, last: second, since, spans, waits: true });
      this.waitingTraces++;
      return;
    }
    if (!arrival.waits) {
      arrival.first = second;
      arrival.last = second;
      arrival.waits = true;
      this.waitingTraces++;
    }
    arrival.first = Math.min(arrival.first, second);
    arrival.last = Math.max(arrival.last, second);
    arrival.since = Math.min(arrival.since, second);
    arrival.spans += spans;
  }

  /** The second before which nothing waits. */
  oldest(): number | undefined {
    let oldest: number | undefined;
    for (const { first, waits } of this.byTrace.values()) {
      if (waits && (oldest === undefined || first < oldest)) oldest = first;
    }
    return oldest;
  }

  /**
   * Those whose time has come, in batches of near age, so that each is read from a short stretch of ingestion.
   * @param now undefined: all of them
   */
  due(now: number | undefined): TracesToSettle[] {
    const isDue = ({ first, last, waits }: Arrival) =>
      waits &&
      (now === undefined ||
        this.waitingTraces <= FEW_TRACES ||
        now - last >= QUIET_SECONDS ||
        now - first >= PATIENCE_SECONDS);
    const due = [...this.byTrace].filter(([, arrival]) => isDue(arrival));
    due.sort(([, a], [, b]) => a.since - b.since);
    const batches: { traceIds: string[]; since: number; spans: number }[] = [];
    for (const [traceId, arrival] of due) {
      let batch = batches.at(-1);
      if (
        batch === undefined ||
        batch.spans + arrival.spans > SPANS_PER_BATCH ||
        batch.traceIds.length >= TRACES_PER_BATCH ||
        (batch.since === 0) !== (arrival.since === 0)
      ) {
        batch = { traceIds: [], since: arrival.since, spans: 0 };
        batches.push(batch);
      }
      batch.traceIds.push(traceId);
      batch.spans += arrival.spans;
    }
    return batches;
  }

  settled(traceIds: readonly string[]): void {
    for (const traceId of traceIds) {
      const arrival = this.byTrace.get(traceId);
      if (arrival?.waits !== true) continue;
      arrival.waits = false;
      this.waitingTraces--;
    }
  }

  /** Lets go of settled traces to which nothing has come since. */
  forgetBefore(second: number): void {
    for (const [traceId, { last, waits }] of this.byTrace) {
      if (!waits && last < second) this.byTrace.delete(traceId);
    }
  }
}
