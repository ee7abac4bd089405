/** Hand-made pprofs for tests, right or wrong, from a drawing of what is in them. */
import { ProtoWriter } from "@/lib/profile/proto-writer";

export interface Drawing {
  readonly sampleTypes?: readonly (readonly [type: string, unit: string])[];
  readonly samples?: readonly {
    readonly locations?: readonly (number | bigint)[];
    readonly values?: readonly (number | bigint)[];
    /** A number becomes a numeric label. */
    readonly labels?: Readonly<Record<string, string | bigint>>;
  }[];
  readonly mappings?: readonly { readonly id: number; readonly file: string }[];
  /** Lines innermost first: [function id, line]. */
  readonly locations?: readonly {
    readonly id: number | bigint;
    readonly mapping?: number;
    readonly lines: readonly (readonly [fn: number | bigint, line: number])[];
  }[];
  readonly functions?: readonly {
    readonly id: number | bigint;
    readonly name: string;
    readonly file?: string;
  }[];
  readonly period?: readonly [type: string, unit: string, period: bigint];
  readonly timeNanos?: bigint;
  readonly durationNanos?: bigint;
  readonly defaultSampleType?: string;
}

/** A small profile that is right: `main;work` 1 sample, `main;work;burn` 2, with `burn` inlined into `work`. */
export const RIGHT: Drawing = {
  sampleTypes: [
    ["samples", "count"],
    ["cpu", "nanoseconds"],
  ],
  samples: [
    { locations: [2, 1], values: [1, 10_000_000] },
    { locations: [3, 1], values: [2, 20_000_000] },
  ],
  locations: [
    { id: 1, lines: [[1, 3]] },
    { id: 2, lines: [[2, 8]] },
    {
      id: 3,
      lines: [
        [3, 5],
        [2, 9],
      ],
    },
  ],
  functions: [
    { id: 1, name: "main", file: "/srv/main.go" },
    { id: 2, name: "work", file: "/srv/main.go" },
    { id: 3, name: "burn", file: "/srv/main.go" },
  ],
};

/** @returns the profile.proto, not compressed */
export function drawPprof(drawing: Drawing): Buffer {
  const indexes = new Map([["", 0]]);
  const at = (text: string) => {
    const index = indexes.get(text) ?? indexes.size;
    indexes.set(text, index);
    return index;
  };
  const profile = new ProtoWriter();
  const record = new ProtoWriter();
  const inner = new ProtoWriter();
  for (const [type, unit] of drawing.sampleTypes ?? []) {
    record.integer(1, at(type));
    record.integer(2, at(unit));
    profile.message(1, record);
  }
  for (const { labels, locations, values } of drawing.samples ?? []) {
    record.packed(1, locations ?? []);
    record.packed(2, values ?? []);
    for (const [key, value] of Object.entries(labels ?? {})) {
      inner.integer(1, at(key));
      if (typeof value === "string") inner.integer(2, at(value));
      else inner.integer(3, value);
      record.message(3, inner);
    }
    profile.message(2, record);
  }
  for (const { file, id } of drawing.mappings ?? []) {
    record.integer(1, id);
    record.integer(5, at(file));
    profile.message(3, record);
  }
  for (const { id, lines, mapping } of drawing.locations ?? []) {
    record.integer(1, id);
    record.integer(2, mapping ?? 0);
    for (const [fn, line] of lines) {
      inner.integer(1, fn);
      inner.integer(2, line);
      record.message(4, inner);
    }
    profile.message(4, record);
  }
  for (const { file, id, name } of drawing.functions ?? []) {
    record.integer(1, id);
    record.integer(2, at(name));
    record.integer(4, at(file ?? ""));
    profile.message(5, record);
  }
  if (drawing.period !== undefined) {
    record.integer(1, at(drawing.period[0]));
    record.integer(2, at(drawing.period[1]));
    profile.message(11, record);
    profile.integer(12, drawing.period[2]);
  }
  profile.integer(9, drawing.timeNanos ?? 0n);
  profile.integer(10, drawing.durationNanos ?? 0n);
  profile.integer(14, at(drawing.defaultSampleType ?? ""));
  for (const text of indexes.keys()) profile.text(6, text);
  return Buffer.from(profile.toBytes());
}
