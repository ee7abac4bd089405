/** POST /api/v1/profiles: one pprof of one service, stored before it is answered. */
import { invalidInput } from "@/lib/errors";
import { parseTraceId } from "@/lib/ids";
import type { DecodePool } from "@/lib/ingest/decode-pool";
import { parseStart } from "@/lib/ingest/profile-time";
import { decodeProfileUpload, type ProfileUpload } from "@/lib/ingest/profile-upload";
import { withPatience } from "@/lib/ingest/with-patience";
import type { LockKind } from "@/lib/profile/sample-type";
import type { Catalogue } from "@/lib/store/catalogue";
import { insertProfile } from "@/lib/store/insert-profile";
import type { ProfileRows } from "@/lib/store/profile-row";
import { unixNanoFromMillis } from "@/lib/units";

/** Below this the way to a worker and back costs more than decoding here. */
const INLINE_BYTES = 32_768;
const MAX_SERVICE_LENGTH = 256;
const MAX_LABELS = 32;
const MAX_LABEL_LENGTH = 1_024;
const LABEL_PREFIX = "label.";
/** The other names under /debug/pprof, and Node's. */
const OTHER_KINDS: ReadonlySet<string> = new Set([
  "cpu",
  "profile",
  "heap",
  "allocs",
  "goroutine",
  "threadcreate",
  "wall",
]);
const NEVER = new AbortController().signal;

export interface ProfileReceipt {
  readonly profileId: string;
  readonly service: string;
  readonly sampleTypes: readonly { readonly type: string; readonly unit: string; readonly total: number }[];
  readonly samples: number;
  /** Samples that say to which trace or span they belong. */
  readonly labelled: number;
  /** The same bytes were stored before; nothing was stored now. */
  readonly duplicate: boolean;
  /** Only when the bytes were stored before under another service's name, which they keep. */
  readonly message?: string;
}

export interface ProfileRequest {
  /** Uncompressed or gzipped as the profiler wrote it; not to be used afterwards. */
  readonly body: Buffer;
  readonly query: URLSearchParams;
  /** Whether it is allowed was decided by who took the request. */
  readonly source: string;
  readonly maxBytes: number;
}

/**
 * @param stopping ends the waiting for a store that is away
 * @throws HotspanError `invalid-input` naming the parameter or what is wrong with the profile, `too-large`,
 *   `unavailable` when the store or the catalogue did not take it: then sending it again is right
 */
export async function receiveProfile(
  request: ProfileRequest,
  catalogue: Catalogue,
  pool: DecodePool,
  stopping: AbortSignal = NEVER,
): Promise<ProfileReceipt> {
  const upload = readUpload(request);
  const rows = await decode(upload, pool);
  const { duplicate, record } = await withPatience(() => insertProfile(catalogue, rows), stopping);
  const { labelled, profileId, sampleTypes, samples, service } = record;
  const receipt = { profileId, service, sampleTypes, samples, labelled, duplicate };
  if (service === upload.service) return receipt;
  const message = `The same bytes are stored already, as a profile of service "${service}": nothing was stored for "${upload.service}".`;
  return { ...receipt, message };
}

async function decode(upload: ProfileUpload, pool: DecodePool): Promise<ProfileRows> {
  if (upload.bytes.length <= INLINE_BYTES) return decodeProfileUpload(upload);
  const result = await pool.run({ kind: "profile", upload });
  if (result.kind !== "profile") throw new Error(`A decode worker answered ${result.kind} to a profile.`);
  return result.rows;
}

/** @throws HotspanError `invalid-input` naming the parameter */
function readUpload({ body, maxBytes, query, source }: ProfileRequest): ProfileUpload {
  const service = query.get("service")?.trim() ?? "";
  if (service === "") {
    throw invalidInput("The parameter service is missing: POST /api/v1/profiles?service=NAME.");
  }
  if (service.length > MAX_SERVICE_LENGTH) {
    throw invalidInput(`The parameter service is longer than ${MAX_SERVICE_LENGTH} characters.`);
  }
  const start = query.get("start");
  return {
    bytes: body,
    service,
    receivedUnixNano: unixNanoFromMillis(Date.now()),
    startUnixNano: start === null ? undefined : parseStart(start),
    traceId: readTraceId(query.get("trace_id")),
    labels: readLabels(query),
    lockKind: readKind(query.get("kind")),
    source,
    maxBytes,
  };
}

function readTraceId(text: string | null): string {
  if (text === null) return "";
  const traceId = parseTraceId(text);
  if (traceId === undefined) {
    throw invalidInput(`trace_id=${text.slice(0, 40)} is not 32 hex digits that are not all zero.`);
  }
  return traceId;
}

/** Go's mutex and block profiles look the same. The others say what they are: their kind is taken and not needed. */
function readKind(text: string | null): LockKind | undefined {
  if (text === "mutex" || text === "block") return text;
  if (text === null || OTHER_KINDS.has(text)) return undefined;
  throw invalidInput(`kind=${text.slice(0, 40)} is none of mutex, block, ${[...OTHER_KINDS].join(", ")}.`);
}

function readLabels(query: URLSearchParams): Map<string, string> {
  const labels = new Map<string, string>();
  for (const [name, value] of query) {
    if (!name.startsWith(LABEL_PREFIX)) continue;
    const key = name.slice(LABEL_PREFIX.length);
    if (key === "" || key.length + value.length > MAX_LABEL_LENGTH) {
      throw invalidInput(
        `${name.slice(0, 60)} is no usable label: a key and a value of together at most ${MAX_LABEL_LENGTH} characters.`,
      );
    }
    labels.set(key, value);
  }
  if (labels.size > MAX_LABELS)
    throw invalidInput(`There are ${labels.size} labels; the limit is ${MAX_LABELS}.`);
  return labels;
}
