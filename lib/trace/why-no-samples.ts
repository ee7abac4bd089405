import { formatCount, formatCounted } from "@/lib/format";
import type { Nanos } from "@/lib/units";

/** What the store holds of CPU profiles of the trace's services whose windows meet the trace. */
export interface ProfilesAround {
  readonly profiles: number;
  readonly samples: number;
  /** Of those, with any trace's label. */
  readonly labelledSamples: number;
  /** Of whole-process profiles that were captured for this very trace. */
  readonly capturedSamples?: number;
  /** Nanoseconds between two samples of a busy thread; 0 when unknown. */
  readonly periodNs: Nanos;
}

/** Fewer samples than this, had or expected, say more about the sampler's luck than about the trace. */
export const TELLING_SAMPLES = 5;

/**
 * @param kind of the profiles asked for, as in "No CPU profile"
 * @returns one sentence for the user: why a trace has no samples, and what to do about it where something can be done
 */
export function explainNoSamples(
  durationNs: Nanos,
  services: readonly string[],
  around: ProfilesAround,
  kind = "CPU",
): string {
  if (around.capturedSamples !== undefined && around.capturedSamples > 0) {
    return `No sample is labelled with this trace; the flame graph is of the whole process, captured while the trace ran (${around.capturedSamples} samples).`;
  }
  const who = services.length === 1 ? `service ${services[0]}` : `any of its ${services.length} services`;
  if (around.profiles === 0) return `No ${kind} profile of ${who} covers the time of this trace.`;
  const profiles =
    around.profiles === 1 ? `1 ${kind} profile covers` : `${around.profiles} ${kind} profiles cover`;
  if (around.labelledSamples === 0) {
    return `${profiles} this time, but none of the ${around.samples} samples carries a trace id: put the trace_id and span_id labels on the profile.`;
  }
  if (around.periodNs <= 0)
    return `${profiles} this time and other traces have samples in it: this one was not seen on a CPU.`;
  const expected = durationNs / around.periodNs;
  const rate = `${Math.round(1_000_000_000 / around.periodNs)} Hz`;
  if (expected < 1) {
    return `Too short to be caught: ${formatMillis(durationNs)} at ${rate} gives ${formatCount(expected)} samples even if all of it ran on a CPU.`;
  }
  if (expected < TELLING_SAMPLES) {
    return `No sample hit it: ${formatMillis(durationNs)} at ${rate} gives about ${formatCounted(Math.round(expected), "sample")} if all of it ran on a CPU, so it mostly waited or was missed by chance.`;
  }
  return `It waited rather than computed: ${formatMillis(durationNs)} at ${rate} would give ${Math.round(expected)} samples if it had run on a CPU, and there is none.`;
}

function formatMillis(nanos: Nanos): string {
  const millis = nanos / 1_000_000;
  return millis < 10 ? `${Number(millis.toFixed(1))} ms` : `${Math.round(millis)} ms`;
}
