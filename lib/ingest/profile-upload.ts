/** From the bytes of one upload to rows: pure, so that it runs in a worker thread as well as here. */
import { createHash } from "node:crypto";
import { decodePprof } from "@/lib/ingest/pprof";
import type { Temporality } from "@/lib/profile/meaning";
import type { LockKind } from "@/lib/profile/sample-type";
import { encodeProfileRows, type ProfileRows } from "@/lib/store/profile-row";
import type { Nanos, UnixNano } from "@/lib/units";

export interface ProfileUpload {
  /** A pprof, gzipped or not. */
  readonly bytes: Uint8Array;
  readonly service: string;
  readonly receivedUnixNano: UnixNano;
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
  /** Limit after inflation. */
  readonly maxBytes: number;
}

/** @throws HotspanError `invalid-input` naming what is wrong with the profile, `too-large` naming the limit */
export function decodeProfileUpload(upload: ProfileUpload): ProfileRows {
  const { durationNs, instance, lockKind, maxBytes, startUnixNano, temporality } = upload;
  const sha256 = createHash("sha256").update(upload.bytes).digest("hex");
  const { language, profile } = decodePprof(upload.bytes, {
    service: upload.service,
    receivedUnixNano: upload.receivedUnixNano,
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
  return encodeProfileRows(profile, { sha256, source: upload.source, language }, received);
}
