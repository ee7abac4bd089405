/**
 * Stacks and samples to a pprof that `go tool pprof` reads: string_table[0] is "", ids count from 1, every frame has
 * its location and function, and no mapping is needed because everything carries symbols.
 */
import { gzipSync } from "node:zlib";
import { ProtoWriter } from "@/lib/profile/proto-writer";

export interface PprofSource {
  /** `samples/count`, `cpu/nanoseconds`, ... in the order of the samples' values. */
  readonly sampleTypes: readonly { readonly type: string; readonly unit: string }[];
  readonly periodType?: { readonly type: string; readonly unit: string };
  readonly period?: number;
  readonly timeUnixNano?: bigint;
  readonly durationNs?: number;
  readonly functions: readonly {
    readonly name: string;
    readonly systemName: string;
    readonly file: string;
    readonly startLine: number;
  }[];
  /** Root first; `functions` are indexes into the functions, `lines` is parallel to them. */
  readonly stacks: readonly {
    readonly functions: ArrayLike<number>;
    readonly lines: ArrayLike<number>;
  }[];
  readonly samples: Iterable<{
    /** Index into the stacks. */
    readonly stack: number;
    readonly values: readonly (number | bigint)[];
    /** Texts under their own keys; ids and the endpoint too, as `trace_id`, `span_id`, `endpoint`. */
    readonly labels: Iterable<readonly [key: string, value: string]>;
  }>;
}

/** Go's heap profiles label samples with the size of their objects: the one label that is a number there. */
const NUMERIC_LABEL = "bytes";

/** @returns a gzipped profile.proto */
export function encodePprof(source: PprofSource): Buffer {
  const strings = new StringIndex();
  const profile = new ProtoWriter();
  const message = new ProtoWriter();
  const inner = new ProtoWriter();
  const addValueType = (field: number, { type, unit }: { readonly type: string; readonly unit: string }) => {
    message.integer(1, strings.at(type));
    message.integer(2, strings.at(unit));
    profile.message(field, message);
  };

  for (const sampleType of source.sampleTypes) addValueType(1, sampleType);
  const locations = locateFrames(source);
  for (const { labels, stack, values } of source.samples) {
    message.packed(1, locations.ofStack(stack));
    message.packed(2, values);
    for (const [key, value] of labels) {
      inner.integer(1, strings.at(key));
      if (key === NUMERIC_LABEL && /^\d{1,18}$/.test(value)) {
        inner.integer(3, BigInt(value));
        inner.integer(4, strings.at(key));
      } else {
        inner.integer(2, strings.at(value));
      }
      message.message(3, inner);
    }
    profile.message(2, message);
  }
  for (const { fn, id, line } of locations.all()) {
    inner.integer(1, fn + 1);
    inner.integer(2, line);
    message.integer(1, id);
    message.message(4, inner);
    profile.message(4, message);
  }
  source.functions.forEach(({ file, name, startLine, systemName }, index) => {
    message.integer(1, index + 1);
    message.integer(2, strings.at(name));
    message.integer(3, strings.at(systemName || name));
    message.integer(4, strings.at(file));
    message.integer(5, startLine);
    profile.message(5, message);
  });
  if (source.periodType !== undefined) addValueType(11, source.periodType);
  if (source.timeUnixNano !== undefined) profile.integer(9, source.timeUnixNano);
  if (source.durationNs !== undefined) profile.integer(10, BigInt(Math.round(source.durationNs)));
  if (source.period !== undefined) profile.integer(12, BigInt(Math.round(source.period)));
  for (const text of strings.all()) profile.text(6, text);
  return gzipSync(profile.toBytes(), { level: 1 });
}

class StringIndex {
  private readonly indexes = new Map([["", 0]]);

  at(text: string): number {
    let index = this.indexes.get(text);
    if (index === undefined) {
      index = this.indexes.size;
      this.indexes.set(text, index);
    }
    return index;
  }

  all(): Iterable<string> {
    return this.indexes.keys();
  }
}

/** One location for each function and line, counted from 1; stacks leaf first, as pprof wants them. */
function locateFrames(source: PprofSource) {
  const ids = new Map<number, { fn: number; line: number; id: number }>();
  const stacks: (Uint32Array | undefined)[] = [];
  return {
    all: () => ids.values(),
    ofStack: (index: number): Uint32Array => {
      const known = stacks[index];
      if (known !== undefined) return known;
      const stack = source.stacks[index] ?? { functions: [], lines: [] };
      const depth = stack.functions.length;
      const located = new Uint32Array(depth);
      for (let frame = 0; frame < depth; frame++) {
        const fn = stack.functions[frame] ?? 0;
        const line = stack.lines[frame] ?? 0;
        const key = fn * 4_294_967_296 + line;
        let location = ids.get(key);
        if (location === undefined) {
          location = { fn, line, id: ids.size + 1 };
          ids.set(key, location);
        }
        located[depth - 1 - frame] = location.id;
      }
      stacks[index] = located;
      return located;
    },
  };
}
