/**
 * Series of pprofs as Grafana's push.v1 sends them, and Parca's WriteRaw, which wraps the labels once more:
 *
 *     PushRequest      1 series: Series
 *     Series           1 labels: LabelPair (1 name, 2 value)           2 samples: RawSample (1 the pprof)
 *     WriteRawRequest  2 series: Series, whose labels are 1 LabelSet (1 label: Label (1 name, 2 value))
 */
import { z } from "zod";
import { HotspanError } from "@/lib/errors";
import { checkLabels, checkService, UNKNOWN_SERVICE } from "@/lib/ingest/profile-owner";
import type { ProfileUpload } from "@/lib/ingest/profile-upload";
import { labelsToKeep } from "@/lib/ingest/pyroscope";
import { WIRE_BYTES, WireReader } from "@/lib/ingest/wire-reader";
import { parseLockKind } from "@/lib/profile/sample-type";
import { unixNanoFromMillis } from "@/lib/units";

export interface PushedSeries {
  readonly labels: ReadonlyMap<string, string>;
  /** pprofs, views of the request. */
  readonly profiles: readonly Buffer[];
}

/** Where the labels of a series are to be found. */
export type SeriesShape = "push" | "parca";

const SERIES_FIELD = { push: 1, parca: 2 } as const;
const FIRST = (1 << 3) | WIRE_BYTES;
const SECOND = (2 << 3) | WIRE_BYTES;

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

/** @throws HotspanError `invalid-input` */
export function decodePushJson(body: Buffer): PushedSeries[] {
  let request: z.infer<typeof jsonRequest>;
  try {
    request = jsonRequest.parse(JSON.parse(body.toString("utf8")));
  } catch (error) {
    throw new HotspanError("invalid-input", "The body is no push.v1.PushRequest in JSON.", { cause: error });
  }
  return request.series.map(({ labels, samples }) => ({
    labels: new Map(labels.map(({ name, value }) => [name, value])),
    profiles: samples.map(({ rawProfile, raw_profile }) =>
      Buffer.from(rawProfile ?? raw_profile ?? "", "base64"),
    ),
  }));
}

/** @throws HotspanError `invalid-input` naming the byte where the message breaks */
export function decodePush(body: Buffer, shape: SeriesShape): PushedSeries[] {
  const reader = new WireReader(body);
  const wanted = (SERIES_FIELD[shape] << 3) | WIRE_BYTES;
  const series: PushedSeries[] = [];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === wanted) series.push(readSeries(reader, shape));
    else reader.skip(tag);
  }
  return series;
}

function readSeries(reader: WireReader, shape: SeriesShape): PushedSeries {
  const labels = new Map<string, string>();
  const profiles: Buffer[] = [];
  inside(reader, (tag) => {
    if (tag === FIRST && shape === "push") readLabel(reader, labels);
    else if (tag === FIRST)
      inside(reader, (inner) => (inner === FIRST ? readLabel(reader, labels) : reader.skip(inner)));
    else if (tag === SECOND)
      inside(reader, (inner) => (inner === FIRST ? profiles.push(reader.view()) : reader.skip(inner)));
    else reader.skip(tag);
  });
  return { labels, profiles };
}

function readLabel(reader: WireReader, labels: Map<string, string>): void {
  let name = "";
  let value = "";
  inside(reader, (tag) => {
    if (tag === FIRST) name = reader.text();
    else if (tag === SECOND) value = reader.text();
    else reader.skip(tag);
  });
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
