import type { EmptyReason } from "@/lib/diagnosis/reason";
import { formatCount, formatCountExact, formatCounted } from "@/lib/format";
import type { Nanos } from "@/lib/units";

/** What the store holds of profiles of the trace's services whose windows meet the trace. */
export interface ProfilesAround {
  readonly profiles: number;
  readonly samples: number;
  /** Of those, with any trace's label. */
  readonly labelledSamples: number;
  /** Of whole-process profiles that were captured for this very trace. */
  readonly capturedSamples: number;
  /** Nanoseconds between two samples of a busy thread; 0 when unknown. */
  readonly periodNs: Nanos;
  /** A service without spans that was profiled at that time and has nearly the name of one of the trace's. */
  readonly nearService: string | undefined;
  /** A label of those samples whose values look like ids. */
  readonly idLabel: { readonly key: string; readonly form: string } | undefined;
}

/** The profiles asked for, as words of a sentence. */
export interface ProfileKind {
  /** "CPU", or the type's own name. */
  readonly name: string;
  /** False for what no profiler of these services labels: heap, mutex and block profiles. */
  readonly carriesLabels: boolean;
}

const CPU: ProfileKind = { name: "CPU", carriesLabels: true };

/** Fewer samples than this, had or expected, say more about the sampler's luck than about the trace. */
export const TELLING_SAMPLES = 5;

/** @returns why a trace has no samples of its own */
export function explainNoSamples(
  durationNs: Nanos,
  services: readonly string[],
  around: ProfilesAround,
  kind: ProfileKind = CPU,
): EmptyReason {
  if (around.capturedSamples > 0) {
    return {
      code: "captured",
      sentence: `No sample is labelled with this trace; the flame graph is of the whole process, captured while the trace ran (${around.capturedSamples} samples).`,
    };
  }
  if (around.profiles === 0) return explainNoProfile(services, around, kind);
  const profiles =
    around.profiles === 1
      ? `1 ${kind.name} profile covers`
      : `${formatCountExact(around.profiles)} ${kind.name} profiles cover`;
  if (around.labelledSamples === 0) {
    if (!kind.carriesLabels) {
      return {
        code: "type-without-labels",
        sentence: `${profiles} this time, but profilers put no labels on samples of this type: it belongs to the whole process, never to one trace.`,
      };
    }
    const without = `${profiles} this time, but none of the ${around.samples} samples carries a trace id`;
    if (around.idLabel !== undefined) {
      const { form, key } = around.idLabel;
      return {
        code: "ids-unreadable",
        sentence: `${without} that can be read: the label "${key}" looks like ids written as ${form}. Use the labels trace_id and span_id with lower-case hex.`,
      };
    }
    return {
      code: "labels-missing",
      sentence: `${without}: put the trace_id and span_id labels on the profile.`,
    };
  }
  return explainByTime(durationNs, profiles, around);
}

function explainNoProfile(
  services: readonly string[],
  { nearService }: ProfilesAround,
  { name }: ProfileKind,
): EmptyReason {
  const who = services.length === 1 ? `service ${services[0]}` : `any of its ${services.length} services`;
  const nothing = `No ${name} profile of ${who} covers the time of this trace`;
  if (nearService === undefined) return { code: "no-window", sentence: `${nothing}.` };
  return {
    code: "names-differ",
    sentence: `${nothing}, but ${nearService} was profiled and has no spans: if that is the same service, give both the same name.`,
  };
}

function explainByTime(durationNs: Nanos, profiles: string, { periodNs }: ProfilesAround): EmptyReason {
  if (periodNs <= 0) {
    return {
      code: "waiting",
      sentence: `${profiles} this time and other traces have samples in it: this one was not seen on a CPU.`,
    };
  }
  const expected = durationNs / periodNs;
  const rate = `${Math.round(1_000_000_000 / periodNs)} Hz`;
  const length = formatMillis(durationNs);
  if (expected < 1) {
    return {
      code: "too-short",
      sentence: `Too short to be caught: ${length} at ${rate} gives ${formatCount(expected)} samples even if all of it ran on a CPU.`,
    };
  }
  if (expected < TELLING_SAMPLES) {
    return {
      code: "too-short",
      sentence: `No sample hit it: ${length} at ${rate} gives about ${formatCounted(Math.round(expected), "sample")} if all of it ran on a CPU, so it mostly waited or was missed by chance.`,
    };
  }
  return {
    code: "waiting",
    sentence: `It waited rather than computed: ${length} at ${rate} would give ${Math.round(expected)} samples if it had run on a CPU, and there is none.`,
  };
}

function formatMillis(nanos: Nanos): string {
  const millis = nanos / 1_000_000;
  return millis < 10 ? `${Number(millis.toFixed(1))} ms` : `${Math.round(millis)} ms`;
}
