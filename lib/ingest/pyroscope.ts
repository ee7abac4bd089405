/**
 * What Pyroscope's SDKs send to `/ingest`: a pprof as the body, or as the part `profile` of a multipart one, described
 * by the query (grafana/pyroscope, "Server API").
 */
import { z } from "zod";
import { HotspanError, invalidInput } from "@/lib/errors";
import { parseMediaType } from "@/lib/ingest/media-type";
import { readMultipart } from "@/lib/ingest/multipart";
import { checkLabels, checkService, UNKNOWN_SERVICE } from "@/lib/ingest/profile-owner";
import type { ProfileUpload } from "@/lib/ingest/profile-upload";
import type { Temporality } from "@/lib/profile/meaning";
import { type LockKind, parseLockKind } from "@/lib/profile/sample-type";
import { type UnixNano, unixNano, unixNanoFromMillis } from "@/lib/units";

export interface PyroscopeRequest {
  readonly query: URLSearchParams;
  readonly contentType: string;
  readonly body: Buffer;
  readonly source: string;
  /** Limit of the profile after inflation. */
  readonly maxBytes: number;
}

/** Keyed by sample type. `display-name` is all that tells a mutex profile of Go from a block profile. */
const sampleTypeConfig = z.record(
  z.string(),
  z.object({ "display-name": z.string().optional(), cumulative: z.boolean().optional() }),
);

/** What clients before 2022 put behind the name of the program. */
const TYPE_SUFFIX =
  /\.(?:cpu|wall|alloc_objects|alloc_space|inuse_objects|inuse_space|goroutines|mutex_(?:count|duration)|block_(?:count|duration))$/;

/** Nanoseconds of a unit of time, by how many digits an instant of this century has in it. */
const NANOS_BY_DIGITS: ReadonlyMap<number, bigint> = new Map([
  [10, 1_000_000_000n],
  [13, 1_000_000n],
  [16, 1_000n],
  [19, 1n],
]);

/**
 * @throws HotspanError `unsupported-media-type` naming the format when it is not pprof, `invalid-input` naming the
 *   parameter or part
 */
export function readPyroscopeRequest(request: PyroscopeRequest): ProfileUpload {
  const { body, contentType, maxBytes, query, source } = request;
  const format = query.get("format") ?? "";
  if (format !== "" && format !== "pprof") {
    throw new HotspanError(
      "unsupported-media-type",
      `Profiles of format=${format.slice(0, 40)} cannot be read: send format=pprof, which every Pyroscope SDK but Java's does.`,
    );
  }
  const { labels, name } = parseName(query.get("name") ?? "");
  const { config, profile } = readParts(body, contentType);
  const startUnixNano = parseTime(query, "from");
  const until = parseTime(query, "until");
  return {
    bytes: profile,
    service: checkService(labels.get("service_name") ?? name.replace(TYPE_SUFFIX, ""), "parameter name"),
    // Pyroscope's own labels are not for display, but this one tells the processes of a service apart.
    instance: labels.get("__session_id__"),
    labels: checkLabels(labelsToKeep(labels)),
    receivedUnixNano: unixNanoFromMillis(Date.now()),
    startUnixNano,
    durationNs:
      startUnixNano === undefined || until === undefined || until <= startUnixNano
        ? undefined
        : Number(until - startUnixNano),
    // Whatever is sent here is summed by Pyroscope, so it is of its window unless the client says otherwise.
    temporality: temporalityOf(config),
    lockKind: lockKindOf(config),
    traceId: "",
    source,
    maxBytes,
  };
}

/** Labels that Pyroscope itself would show: not `__name__` and its like, nor what is the service. */
export function labelsToKeep(labels: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...labels].filter(([key]) => !key.startsWith("__") && key !== "service_name"));
}

/** `app{key=value,other=value}`: nothing is quoted, so a value ends at the next comma. */
function parseName(text: string): { name: string; labels: Map<string, string> } {
  const open = text.indexOf("{");
  const name = (open === -1 ? text : text.slice(0, open)).trim();
  if (open !== -1 && !text.trimEnd().endsWith("}"))
    throw invalidInput(`name=${text.slice(0, 80)} lacks its "}".`);
  const inside = open === -1 ? "" : text.slice(open + 1, text.lastIndexOf("}"));
  const labels = new Map<string, string>();
  for (const pair of inside.split(",").filter((part) => part.trim() !== "")) {
    const equals = pair.indexOf("=");
    if (equals === -1)
      throw invalidInput(`name= has the label "${pair.slice(0, 60)}", which is not KEY=VALUE.`);
    labels.set(pair.slice(0, equals).trim(), pair.slice(equals + 1).trim());
  }
  return { name: name === "" ? UNKNOWN_SERVICE : name, labels };
}

function parseTime(query: URLSearchParams, parameter: string): UnixNano | undefined {
  const text = query.get(parameter) ?? "";
  if (text === "" || text === "0") return undefined;
  const scale = /^[1-9]\d+$/.test(text) ? NANOS_BY_DIGITS.get(text.length) : undefined;
  const nanos = scale === undefined ? undefined : BigInt(text) * scale;
  if (nanos === undefined || nanos >= 1n << 63n) {
    throw invalidInput(
      `${parameter}=${text.slice(0, 40)} is no time: 10 digits are seconds, 13 ms, 16 µs, 19 ns since 1970.`,
    );
  }
  return unixNano(nanos);
}

/** Some entries of a hundred bytes; this thread reads them, and does nothing else meanwhile. */
const MAX_CONFIG_BYTES = 65_536;

type SampleTypeConfig = z.infer<typeof sampleTypeConfig>;

function readParts(body: Buffer, contentType: string): { profile: Buffer; config: SampleTypeConfig } {
  if (parseMediaType(contentType) !== "multipart/form-data") return { profile: body, config: {} };
  const parts = readMultipart(body, contentType);
  const profile = parts.find(({ name }) => name === "profile");
  if (profile === undefined) {
    const names = parts.map(({ name }) => `"${name.slice(0, 40)}"`).join(", ");
    throw invalidInput(`The multipart body has no part "profile"; it has ${names === "" ? "none" : names}.`);
  }
  const config = parts.find(({ name }) => name === "sample_type_config");
  return { profile: profile.bytes, config: config === undefined ? {} : readConfig(config.bytes) };
}

function readConfig(bytes: Buffer): SampleTypeConfig {
  if (bytes.length > MAX_CONFIG_BYTES)
    throw new HotspanError(
      "too-large",
      `The part sample_type_config is larger than ${MAX_CONFIG_BYTES} bytes.`,
    );
  try {
    return sampleTypeConfig.parse(JSON.parse(bytes.toString("utf8")));
  } catch (error) {
    throw new HotspanError("invalid-input", "The part sample_type_config is not JSON of the known form.", {
      cause: error,
    });
  }
}

function lockKindOf(config: SampleTypeConfig): LockKind | undefined {
  for (const { "display-name": shown = "" } of Object.values(config)) {
    const kind = parseLockKind(/^(mutex|block)_/.exec(shown)?.[1]);
    if (kind !== undefined) return kind;
  }
  return undefined;
}

function temporalityOf(config: SampleTypeConfig): Temporality {
  return Object.values(config).some(({ cumulative }) => cumulative === true) ? "cumulative" : "delta";
}
