/** From the bytes of one upload to rows: pure, so that it runs in a worker thread as well as here. */
import { createHash } from "node:crypto";
import { invalidInput } from "@/lib/errors";
import { decodePprof } from "@/lib/ingest/pprof";
import type { Temporality } from "@/lib/profile/meaning";
import type { Profile } from "@/lib/profile/profile";
import type { LockKind } from "@/lib/profile/sample-type";
import { encodeProfileRows, type ProfileRows } from "@/lib/store/profile-row";
import type { Nanos, UnixNano } from "@/lib/units";

export interface ProfileUpload {
  /** A pprof, gzipped or not. */
  readonly bytes: Uint8Array;
  /** "" takes the one that all labels of its samples agree on. */
  readonly service: string;
  readonly receivedUnixNano: UnixNano;
  /** Stands in for a time that the profile does not have; when absent, the time it was received. */
  readonly writtenUnixNano?: UnixNano | undefined;
  readonly startUnixNano: UnixNano | undefined;
  /** Length of the window, over whatever the profile says. */
  readonly durationNs?: Nanos | undefined;
  /** Whether allocations and contentions are of the window or since the process started; else the profile's duration tells. */
  readonly temporality?: Temporality | undefined;
  /** Which of the service's processes; else a label that names it. */
  readonly instance?: string | undefined;
  /** The trace that the whole profile was captured for, or "". */
  readonly traceId: string;
  /** Labels of all samples. */
  readonly labels: ReadonlyMap<string, string>;
  readonly lockKind: LockKind | undefined;
  readonly source: string;
  /** How it came, for the list of profiles: `file:NAME`, `watch:PATH`; absent for a push. */
  readonly origin?: string | undefined;
  /** Endpoint -> requests that ended in the window, where the profiler counts them. */
  readonly endpointCounts?: Readonly<Record<string, number>> | undefined;
  /** Limit after inflation. */
  readonly maxBytes: number;
}

/** @throws HotspanError `invalid-input` naming what is wrong with the profile, `too-large` naming the limit */
export function decodeProfileUpload(upload: ProfileUpload): ProfileRows {
  const { durationNs, instance, lockKind, maxBytes, startUnixNano, temporality } = upload;
  const sha256 = createHash("sha256").update(upload.bytes).digest("hex");
  const { language, profile } = decodePprof(upload.bytes, {
    service: upload.service,
    receivedUnixNano: upload.writtenUnixNano ?? upload.receivedUnixNano,
    traceId: upload.traceId,
    labels: upload.labels,
    limits: { maxBytes },
    ...(startUnixNano === undefined ? {} : { startUnixNano }),
    ...(durationNs === undefined ? {} : { durationNs }),
    ...(temporality === undefined ? {} : { temporality }),
    ...(instance === undefined ? {} : { instance }),
    ...(lockKind === undefined ? {} : { lockKind }),
  });
  const received = new Date(Number(upload.receivedUnixNano / 1_000_000n)).toISOString().slice(0, 10);
  const named = profile.service === "" ? { ...profile, service: serviceOfLabels(profile) } : profile;
  const { endpointCounts, origin = "", source } = upload;
  const counts = endpointCounts === undefined ? "" : JSON.stringify(endpointCounts);
  return encodeProfileRows(named, { sha256, source, origin, language, endpointCounts: counts }, received);
}

const SERVICE_LABELS: ReadonlySet<string> = new Set(["service", "service_name", "service.name"]);

function serviceOfLabels({ labelSets }: Profile): string {
  const named = new Set(labelSets.flat().flatMap(([key, value]) => (SERVICE_LABELS.has(key) ? [value] : [])));
  const [only = ""] = named;
  if (named.size === 1 && only !== "") return only;
  const reason =
    named.size > 1 ? `is of ${named.size} services by its labels` : "does not say which service it is of";
  throw invalidInput(
    `The profile ${reason}: name one (service=NAME), or begin the file's name with it (shop-cpu.pprof).`,
  );
}
