/** OTLP profiles for tests, encoded by protobufjs from a schema written here after opentelemetry-proto 1.10. */
import protobuf from "protobufjs";
import type { OtlpProfileRows } from "@/lib/ingest/otlp-profiles";
import { SAMPLE_COLUMNS } from "@/lib/store/profile-row";

const { root } = protobuf.parse(`
  syntax = "proto3";
  message Request { repeated ResourceProfiles resource_profiles = 1; Dictionary dictionary = 2; }
  message ResourceProfiles { Resource resource = 1; repeated ScopeProfiles scope_profiles = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeProfiles { Scope scope = 1; repeated Profile profiles = 2; }
  message Scope { string name = 1; string version = 2; }
  message KeyValue { string key = 1; AnyValue value = 2; int32 key_strindex = 3; }
  message AnyValue {
    oneof value {
      string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
      ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7; int32 string_value_strindex = 8;
    }
  }
  message ArrayValue { repeated AnyValue values = 1; }
  message KeyValueList { repeated KeyValue values = 1; }
  message Dictionary {
    repeated Mapping mapping_table = 1; repeated Location location_table = 2; repeated Function function_table = 3;
    repeated Link link_table = 4; repeated string string_table = 5; repeated KeyValueAndUnit attribute_table = 6;
    repeated Stack stack_table = 7;
  }
  message Mapping { uint64 memory_start = 1; uint64 memory_limit = 2; uint64 file_offset = 3; int32 filename_strindex = 4; }
  message Location { int32 mapping_index = 1; uint64 address = 2; repeated Line lines = 3; }
  message Line { int32 function_index = 1; int64 line = 2; int64 column = 3; }
  message Function { int32 name_strindex = 1; int32 system_name_strindex = 2; int32 filename_strindex = 3; int64 start_line = 4; }
  message Link { bytes trace_id = 1; bytes span_id = 2; }
  message KeyValueAndUnit { int32 key_strindex = 1; AnyValue value = 2; int32 unit_strindex = 3; }
  message Stack { repeated int32 location_indices = 1; }
  message ValueType { int32 type_strindex = 1; int32 unit_strindex = 2; }
  message Profile {
    ValueType sample_type = 1; repeated Sample samples = 2; fixed64 time_unix_nano = 3; uint64 duration_nano = 4;
    ValueType period_type = 5; int64 period = 6; bytes profile_id = 7; uint32 dropped_attributes_count = 8;
    string original_payload_format = 9; bytes original_payload = 10; repeated int32 attribute_indices = 11;
  }
  message Sample {
    int32 stack_index = 1; repeated int32 attribute_indices = 2; int32 link_index = 3; repeated int64 values = 4;
    repeated fixed64 timestamps_unix_nano = 5;
  }`);

export type Json = Record<string, unknown>;
export const TIME = "1790000000000000000";

/** @param request as OTLP's JSON encoding has it: ids of links in hex */
export function encodeProfilesProtobuf(request: Json): Buffer {
  const copy = structuredClone(request) as { dictionary?: { linkTable?: Json[] } };
  for (const link of copy.dictionary?.linkTable ?? []) {
    for (const key of ["traceId", "spanId"]) {
      if (typeof link[key] === "string") link[key] = Buffer.from(link[key], "hex");
    }
  }
  const type = root.lookupType("Request");
  return Buffer.from(type.encode(type.fromObject(copy)).finish());
}

/** A dictionary that grows as it is asked for things; index 0 of every table is its null value. */
export class TestDictionary {
  readonly strings = [""];
  readonly functions: Json[] = [{}];
  readonly locations: Json[] = [{}];
  readonly mappings: Json[] = [{}];
  readonly links: Json[] = [{}];
  readonly attributes: Json[] = [{}];
  readonly stacks: Json[] = [{}];

  text(text: string): number {
    const at = this.strings.indexOf(text);
    return at === -1 ? this.strings.push(text) - 1 : at;
  }

  /** @param frames root first, `a;b@f.go:3;[libc.so]`: inlined calls are joined by `>`, a nameless frame is its mapping's */
  stack(frames: string): number {
    const locationIndices = frames
      .split(";")
      .map((frame) => {
        const mapping = /^\[(.*)\]$/.exec(frame)?.[1];
        if (mapping !== undefined) {
          const mappingIndex = this.mappings.push({ filenameStrindex: this.text(`/lib/${mapping}`) }) - 1;
          return this.locations.push({ mappingIndex, address: "4096" }) - 1;
        }
        const lines = frame
          .split(">")
          .map((call) => {
            const [, name = "", file = "", line = "0"] = /^(.*?)(?:@(.*):(\d+))?$/.exec(call) ?? [];
            const fn = { nameStrindex: this.text(name), filenameStrindex: this.text(file) };
            return { functionIndex: this.functions.push(fn) - 1, line };
          })
          .reverse();
        return this.locations.push({ lines }) - 1;
      })
      .reverse();
    return this.stacks.push({ locationIndices }) - 1;
  }

  link(traceId: string, spanId: string): number {
    return this.links.push({ traceId, spanId }) - 1;
  }

  attribute(key: string, value: Json): number {
    return this.attributes.push({ keyStrindex: this.text(key), value }) - 1;
  }

  type(type: string, unit: string): Json {
    return { typeStrindex: this.text(type), unitStrindex: this.text(unit) };
  }

  toJson(): Json {
    return {
      mappingTable: this.mappings,
      locationTable: this.locations,
      functionTable: this.functions,
      linkTable: this.links,
      stringTable: this.strings,
      attributeTable: this.attributes,
      stackTable: this.stacks,
    };
  }
}

/** A request of one resource. */
export function profilesRequest(
  dictionary: TestDictionary,
  profiles: readonly Json[],
  resource?: Json,
): Json {
  const shop = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };
  return {
    resourceProfiles: [
      { resource: resource ?? shop, scopeProfiles: [{ scope: { name: "test" }, profiles }] },
    ],
    dictionary: dictionary.toJson(),
  };
}

/**
 * Each profile as lines: its service, types and totals, then a line a row, `type value×count root;leaf:line` and what is
 * tied to it.
 */
export function drawProfiles({ profiles }: Pick<OtlpProfileRows, "profiles">): string {
  const lines: string[] = [];
  for (const { functions, record, samples, stacks } of profiles) {
    const names = new Map(rowsOf(functions.text).map(([id, name]) => [String(id), String(name)]));
    const frames = new Map(
      rowsOf(stacks.text).map(([, id, ids, at]) => {
        const numbers = at as number[];
        const path = (ids as string[]).map((fn, index) => {
          const line = numbers[index] ?? 0;
          return `${names.get(String(fn))}${line === 0 ? "" : `:${line}`}`;
        });
        return [String(id), path.join(";")];
      }),
    );
    const types = record.sampleTypes.map(({ total, type, unit }) => `${type}/${unit}=${total}`);
    lines.push(`${record.service} ${types.join(" ")} in ${Number(record.durationNs) / 1e9} s`);
    for (const row of rowsOf(samples.text)) {
      const column = (name: (typeof SAMPLE_COLUMNS)[number]) => row[SAMPLE_COLUMNS.indexOf(name)];
      const ids = [column("trace_id"), column("span_id")].filter((id) => id !== "").join("/");
      const labels = Object.entries(column("labels") as Json).map(([key, value]) => `${key}=${value}`);
      const taken = column("taken_at");
      const about = [
        ids,
        column("endpoint"),
        ...labels,
        taken === undefined || Number(taken) === 0 ? "" : `at ${taken}`,
      ];
      lines.push(
        `  ${column("type")} ${column("value")}×${column("count")} ${frames.get(String(column("stack_id")))} ${about.filter((part) => part !== "").join(" ")}`.trimEnd(),
      );
    }
  }
  return lines.join("\n");
}

/** Ids of 64 bits as text: JSON.parse would round them. */
function rowsOf(text: Uint8Array): unknown[][] {
  return Buffer.from(text)
    .toString()
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line.replace(/(?<=[[,])(\d{16,20})(?=[,\]])/g, '"$1"')) as unknown[]);
}
