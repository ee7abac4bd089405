/**
 * Series of pprofs as Grafana's push.v1 sends them, and Parca's WriteRaw, which wraps the labels once more:
 *
 *     PushRequest      1 series: Series
 *     Series           1 labels: LabelPair (1 name, 2 value)           2 samples: RawSample (1 the pprof)
 *     WriteRawRequest  2 series: Series, whose labels are 1 LabelSet (1 label: Label (1 name, 2 value))
 */
import { z } from "zod";
import { HotspanError } from "@/lib/errors";
import { parseJson } from "@/lib/ingest/parse-json";
import { checkLabels, checkService, UNKNOWN_SERVICE } from "@/lib/ingest/profile-owner";
import type { ProfileUpload } from "@/lib/ingest/profile-upload";
import { labelsToKeep } from "@/lib/ingest/pyroscope";
import { WIRE_BYTES, WireReader } from "@/lib/ingest/wire-reader";
import { parseLockKind } from "@/lib/profile/sample-type";
import { unixNanoFromMillis } from "@/lib/units";

export interface PushedSeries {
  readonly labels: ReadonlyMap<string, string>;
  /** pprofs, maybe views of the request. */
  readonly profiles: readonly Uint8Array[];
}

/** Where the labels of a series are to be found. */
export type SeriesShape = "push" | "parca";

const SERIES_FIELD = { push: 1, parca: 2 } as const;
const FIRST = (1 << 3) | WIRE_BYTES;
const SECOND = (2 << 3) | WIRE_BYTES;

/** Of one request, and of one series: an empty one takes two bytes to send and hundreds to hold. */
const MAX_SERIES = 1_000;
const MAX_IN_SERIES = 1_000;

/** Protobuf's JSON names; its parsers take the original ones too. */
const jsonRequest = z.object({
  series: z
    .array(
      z.object({
        labels: z.array(z.object({ name: z.string(), value: z.string().default("") })).default([]),
        samples: z
          .array(z.object({ rawProfile: z.string().optional(), raw_profile: z.string().optional() }))
          .default([]),
      }),
    )
    .default([]),
});

/** @throws HotspanError `invalid-input`, `too-large` naming what there is too much of */
export function decodePushJson(bytes: Uint8Array): PushedSeries[] {
  let request: z.infer<typeof jsonRequest>;
  try {
    const json = parseJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    checkSizes(json);
    request = jsonRequest.parse(json);
  } catch (error) {
    if (error instanceof HotspanError) throw error;
    throw new HotspanError("invalid-input", "The body is no push.v1.PushRequest in JSON.", { cause: error });
  }
  return request.series.map(({ labels, samples }) => ({
    labels: new Map(labels.map(({ name, value }) => [name, value])),
    profiles: samples.map(({ rawProfile, raw_profile }) =>
      Buffer.from(rawProfile ?? raw_profile ?? "", "base64"),
    ),
  }));
}

/** Lists of a hostile length are refused before they are looked at one by one. */
function checkSizes(json: unknown): void {
  const { series } = Object(json) as { series?: unknown };
  if (!Array.isArray(series)) return;
  if (series.length > MAX_SERIES) throw tooMany("series in the request", MAX_SERIES);
  for (const item of series) {
    const { labels, samples } = Object(item) as { labels?: unknown; samples?: unknown };
    if (Array.isArray(labels) && labels.length > MAX_IN_SERIES) throw tooMany("labels", MAX_IN_SERIES);
    if (Array.isArray(samples) && samples.length > MAX_IN_SERIES) throw tooMany("profiles", MAX_IN_SERIES);
  }
}

function tooMany(what: string, limit: number): HotspanError {
  return new HotspanError("too-large", `There are more than ${limit} ${what}: send fewer at once.`);
}

/**
 * @throws HotspanError `invalid-input` naming the byte where the message breaks, `too-large` naming what there is too
 *   much of
 */
export function decodePush(body: Buffer, shape: SeriesShape): PushedSeries[] {
  const reader = new WireReader(body);
  const wanted = (SERIES_FIELD[shape] << 3) | WIRE_BYTES;
  const series: PushedSeries[] = [];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag !== wanted) {
      reader.skip(tag);
      continue;
    }
    if (series.length === MAX_SERIES) throw tooMany("series in the request", MAX_SERIES);
    series.push(readSeries(reader, shape));
  }
  return series;
}

function readSeries(reader: WireReader, shape: SeriesShape): PushedSeries {
  const labels = new Map<string, string>();
  const profiles: Uint8Array[] = [];
  inside(reader, (tag) => {
    if (tag === FIRST && shape === "push") readLabel(reader, labels);
    else if (tag === FIRST)
      inside(reader, (inner) => (inner === FIRST ? readLabel(reader, labels) : reader.skip(inner)));
    else if (tag === SECOND)
      inside(reader, (inner) => (inner === FIRST ? readProfile(reader, profiles) : reader.skip(inner)));
    else reader.skip(tag);
  });
  return { labels, profiles };
}

function readProfile(reader: WireReader, profiles: Uint8Array[]): void {
  if (profiles.length === MAX_IN_SERIES) throw tooMany("profiles", MAX_IN_SERIES);
  profiles.push(reader.view());
}

function readLabel(reader: WireReader, labels: Map<string, string>): void {
  let name = "";
  let value = "";
  inside(reader, (tag) => {
    if (tag === FIRST) name = reader.text();
    else if (tag === SECOND) value = reader.text();
    else reader.skip(tag);
  });
  if (labels.size === MAX_IN_SERIES) throw tooMany("labels", MAX_IN_SERIES);
  labels.set(name, value);
}

function inside(reader: WireReader, read: (tag: number) => void): void {
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) read(tag);
  reader.leave(outer);
}

/** Names of a service, the most telling first: Alloy's, then those that scrape targets carry anyway. */
const SERVICE_KEYS = ["service_name", "service.name", "service", "app", "job"] as const;

/**
 * @param maxBytes limit of each profile after inflation
 * @throws HotspanError `invalid-input` naming the label
 */
export function toUploads(
  series: readonly PushedSeries[],
  source: string,
  maxBytes: number,
): ProfileUpload[] {
  const receivedUnixNano = unixNanoFromMillis(Date.now());
  return series.flatMap(({ labels, profiles }) => {
    const service = SERVICE_KEYS.map((key) => labels.get(key) ?? "").find((name) => name !== "");
    // process_cpu, memory, mutex, block, goroutine, godeltaprof_mutex, ...
    const lockKind = /^(?:godeltaprof_)?(mutex|block)$/.exec(labels.get("__name__") ?? "")?.[1];
    const upload = {
      service: checkService(service ?? UNKNOWN_SERVICE, "label service_name"),
      labels: checkLabels(labelsToKeep(labels)),
      lockKind: parseLockKind(lockKind),
      // "false": the receiver need not compute a difference, because the sender did.
      temporality: labels.get("__delta__") === "false" ? ("delta" as const) : undefined,
      receivedUnixNano,
      startUnixNano: undefined,
      traceId: "",
      source,
      maxBytes,
    };
    return profiles.map((bytes) => ({ ...upload, bytes }));
  });
}
