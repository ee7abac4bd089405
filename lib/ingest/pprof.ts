import { checkPprof } from "@/lib/ingest/pprof-check";
import { inflatePprof } from "@/lib/ingest/pprof-inflate";
import { readLabels } from "@/lib/ingest/pprof-labels";
import { PPROF_LIMITS, type PprofLimits } from "@/lib/ingest/pprof-limits";
import { readPprof } from "@/lib/ingest/pprof-read";
import { buildStacks } from "@/lib/ingest/pprof-stacks";
import type { PprofTables } from "@/lib/ingest/pprof-tables";
import { readValues } from "@/lib/ingest/pprof-values";
import { readWindow } from "@/lib/ingest/profile-time";
import { instanceFromLabels } from "@/lib/profile/instance";
import { guessLanguage, type Language } from "@/lib/profile/language";
import type { Temporality } from "@/lib/profile/meaning";
import type { FunctionTable, Profile, StackTable } from "@/lib/profile/profile";
import type { LockKind } from "@/lib/profile/sample-type";
import type { Nanos, UnixNano } from "@/lib/units";

/** What the sender says beside the bytes. */
export interface PprofContext {
  readonly service: string;
  /** When the bytes arrived, for profiles that do not know their time. */
  readonly receivedUnixNano: UnixNano;
  /** Start of the window, over whatever the profile says. */
  readonly startUnixNano?: UnixNano;
  /** Length of the window, over whatever the profile says. */
  readonly durationNs?: Nanos;
  /** Whether allocations and contentions are of the window or since the process started; else the profile's duration tells. */
  readonly temporality?: Temporality;
  /** The process, of those of the service; else a label that names it (lib/profile/instance.ts). */
  readonly instance?: string;
  /** The trace for which the process was profiled. */
  readonly traceId?: string;
  /** Of all samples that do not say otherwise. */
  readonly labels?: ReadonlyMap<string, string>;
  readonly lockKind?: LockKind;
  readonly limits?: Partial<PprofLimits>;
}

export interface DecodedPprof {
  readonly profile: Profile;
  /** Of its functions' files, "" when they do not tell. */
  readonly language: Language;
}

/**
 * A pprof (profile.proto, gzipped or not, of any profiler) to our columns, strictly checked.
 *
 * @throws HotspanError `invalid-input` naming what is wrong with the bytes, `too-large` naming the limit
 */
export function decodePprof(bytes: Uint8Array, context: PprofContext): DecodedPprof {
  const limits: PprofLimits = { ...PPROF_LIMITS, ...context.limits };
  const tables = readPprof(inflatePprof(bytes, limits.maxBytes), limits);
  const references = checkPprof(tables);
  const { functions, stacks, stackOfSample } = buildStacks(tables, references, limits.maxFrames);
  const language = guessLanguage(functions.files);
  const window = readWindow(tables, language, context);
  const { counts, sampleTypes, values } = readValues(
    tables,
    context.lockKind,
    () => leafNames(functions, stacks),
    {
      temporality: context.temporality ?? (tables.durationNanos > 0n ? "delta" : "cumulative"),
      hasDuration: window.durationNs > 0,
      sentAsDelta: context.temporality === "delta",
    },
  );
  const processLabels = context.labels ?? new Map<string, string>();
  const labels = readLabels(tables, { traceId: context.traceId ?? "", labels: processLabels });
  const profile: Profile = {
    service: context.service,
    instance: context.instance ?? instanceFromLabels(processLabels),
    ...window,
    periodNs: periodNs(tables),
    sampleTypes,
    functions,
    stacks,
    texts: labels.texts,
    labelSets: labels.labelSets,
    samples: {
      length: tables.sampleCount,
      stacks: stackOfSample,
      traceIds: labels.traceIds,
      spanIds: labels.spanIds,
      rootSpanIds: labels.rootSpanIds,
      endpoints: labels.endpoints,
      ties: labels.ties,
      labelSets: labels.labelSetOfSample,
      counts,
      values,
      ...(labels.takenAt === undefined ? {} : { takenAtUnixNano: labels.takenAt }),
    },
  };
  return { profile, language };
}

/** Only a period in nanoseconds is one of time: Go's heap profile has one of bytes, its mutex profile one of events. */
function periodNs({ period, periodType, strings }: PprofTables): number {
  const isTime = strings.text(periodType.unit) === "nanoseconds";
  return isTime && period > 0n && period < 1n << 53n ? Number(period) : 0;
}

function* leafNames(functions: FunctionTable, stacks: StackTable): Generator<string> {
  for (let stack = 0; stack < stacks.ids.length; stack++) {
    const stop = stacks.offsets[stack + 1] ?? 0;
    if (stop > (stacks.offsets[stack] ?? 0)) yield functions.names[stacks.functions[stop - 1] ?? 0] ?? "";
  }
}
