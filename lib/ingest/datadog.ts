/** What Datadog's profilers send to their agent: `event.json`, and one pprof for each kind of profile. */
import { z } from "zod";
import { parseInstant } from "@/lib/api/instant";
import { HotspanError, invalidInput } from "@/lib/errors";
import { parseMediaType } from "@/lib/ingest/media-type";
import { type Part, readMultipart } from "@/lib/ingest/multipart";
import { checkLabels, checkService, UNKNOWN_SERVICE } from "@/lib/ingest/profile-owner";
import type { ProfileUpload } from "@/lib/ingest/profile-upload";
import type { Temporality } from "@/lib/profile/meaning";
import { type LockKind, parseLockKind } from "@/lib/profile/sample-type";
import { type UnixNano, unixNanoFromMillis } from "@/lib/units";

const instant = z.string().transform((text, context): UnixNano => {
  const parsed = parseInstant(text, 0);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: "custom", message: `"${text.slice(0, 40)}" is no time of RFC 3339` });
  return z.NEVER;
});

const eventJson = z.object({
  start: instant,
  end: instant,
  /** `key:value,key:value`; values hold colons, never commas. */
  tags_profiler: z.string().default(""),
  attachments: z.array(z.string()).default([]),
  endpoint_counts: z.record(z.string(), z.number().nonnegative()).nullish().transform(largestCounts),
});

/** This thread reads it, and does nothing else meanwhile; with a thousand endpoints it has some 50 kB. */
const MAX_EVENT_BYTES = 1_048_576;
/** Of one upload; a service whose endpoints are not templates has as many as requests. */
const MAX_ENDPOINTS = 1_000;

/** Tags that describe the profiler and its runtime, not whose the profile is. */
const TAGS_OF_THE_PROFILER =
  /^(?:service|runtime-id|language|runtime|runtime_arch|runtime_os|runtime_version|runtime_compiler|process_id|profiler_version|profile_seq|format|git\..*|_dd\..*|pgo|go_execution_traced|library_.*)$/;

/**
 * @param body the multipart body
 * @param maxBytes limit of each profile after inflation
 * @returns an upload for each pprof among the attachments; execution traces and metrics are left out
 * @throws HotspanError `unsupported-media-type`, or `invalid-input` naming the part
 */
export function readDatadogRequest(
  body: Buffer,
  contentType: string,
  source: string,
  maxBytes: number,
): ProfileUpload[] {
  if (parseMediaType(contentType) !== "multipart/form-data") {
    throw new HotspanError("unsupported-media-type", "A Datadog profile is sent as multipart/form-data.");
  }
  const parts = readMultipart(body, contentType);
  const event = readEvent(parts);
  const attached = new Map(
    parts.map((part) => [part.filename === "" ? part.name : part.filename, part.bytes]),
  );
  const profiles = [...attached].filter(([file]) => file.endsWith(".pprof"));
  for (const file of event.attachments) {
    if (!attached.has(file))
      throw invalidInput(`event.json names the attachment "${file.slice(0, 60)}", which is missing.`);
  }
  if (profiles.length === 0) throw invalidInput("None of the attachments is a pprof (*.pprof).");

  const tags = parseTags(event.tags_profiler);
  const shared = {
    service: checkService(tags.get("service") ?? UNKNOWN_SERVICE, "tag service"),
    instance: tags.get("runtime-id"),
    labels: checkLabels(new Map([...tags].filter(([key]) => !TAGS_OF_THE_PROFILER.test(key)))),
    receivedUnixNano: unixNanoFromMillis(Date.now()),
    startUnixNano: event.start,
    durationNs: event.end > event.start ? Number(event.end - event.start) : undefined,
    traceId: "",
    source,
    maxBytes,
  };
  // Kept once an upload, with the profile that a clock sampled.
  const counted = profiles.findIndex(([file]) => /^(?:cpu|wall)\.pprof$/.test(file));
  return profiles.map(([file, bytes], index) => ({
    ...shared,
    ...kindOfFile(file),
    endpointCounts: index === Math.max(counted, 0) ? event.endpoint_counts : undefined,
    bytes,
  }));
}

function largestCounts(
  counts: Readonly<Record<string, number>> | null | undefined,
): Record<string, number> | undefined {
  const entries = Object.entries(counts ?? {}).sort(([, left], [, right]) => right - left);
  return entries.length === 0 ? undefined : Object.fromEntries(entries.slice(0, MAX_ENDPOINTS));
}

function readEvent(parts: readonly Part[]): z.infer<typeof eventJson> {
  const part = parts.find(({ filename, name }) => name === "event" || filename === "event.json");
  if (part === undefined) throw invalidInput('The multipart body has no part "event" (event.json).');
  if (part.bytes.length > MAX_EVENT_BYTES)
    throw new HotspanError("too-large", `event.json is larger than ${MAX_EVENT_BYTES} bytes.`);
  let json: unknown;
  try {
    json = JSON.parse(part.bytes.toString("utf8"));
  } catch (error) {
    throw new HotspanError("invalid-input", "event.json is not JSON.", { cause: error });
  }
  const event = eventJson.safeParse(json);
  if (event.success) return event.data;
  const [issue] = event.error.issues;
  throw invalidInput(`event.json: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "has another form"}.`);
}

function parseTags(text: string): Map<string, string> {
  const pairs = text.split(",").map((tag) => [tag, tag.indexOf(":")] as const);
  return new Map(
    pairs.flatMap(([tag, colon]) =>
      colon < 1 || colon === tag.length - 1
        ? []
        : [[tag.slice(0, colon).trim(), tag.slice(colon + 1).trim()]],
    ),
  );
}

/** Go's file names say what its profiles do not: `delta-mutex.pprof`, `block.pprof`, `heap.pprof`. */
function kindOfFile(file: string): { lockKind: LockKind | undefined; temporality: Temporality | undefined } {
  const [, delta, kind] = /^(delta-)?(heap|mutex|block)\.pprof$/.exec(file) ?? [];
  return {
    lockKind: parseLockKind(kind),
    temporality: kind === undefined ? undefined : delta === undefined ? "cumulative" : "delta",
  };
}
