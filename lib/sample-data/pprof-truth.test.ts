import { beforeAll, describe, expect, test } from "vitest";
import { decodePprof } from "@/lib/ingest/pprof";
import type { Profile } from "@/lib/profile/profile";
import { findArchive, readArchive } from "@/lib/sample-data/archive";
import { type PprofTop, readPprofTruth } from "@/lib/sample-data/test-pprof-top";
import { unixNano } from "@/lib/units";

/** Our decoder against Go's own tool, on the largest recorded profile of each service and kind. */
const truths = readPprofTruth();
const bodies = new Map<string, Buffer>();

beforeAll(async () => {
  for await (const { path, body } of readArchive(findArchive() ?? "")) {
    if (truths.some((truth) => truth.path === path)) bodies.set(path, Buffer.from(body));
  }
});

function decode(path: string): Profile {
  const query = new URL(path, "http://shop").searchParams;
  const kind = query.get("kind");
  return decodePprof(bodies.get(path) ?? Buffer.alloc(0), {
    service: query.get("service") ?? "",
    receivedUnixNano: unixNano(0n),
    startUnixNano: unixNano(BigInt(query.get("start") ?? 0)),
    ...(kind === "mutex" || kind === "block" ? { lockKind: kind } : {}),
  }).profile;
}

/** Total, self per function and total per function (recursion counted once) of one sample type. */
function sum(profile: Profile, read: (sample: number) => bigint) {
  const flat = new Map<string, bigint>();
  const cum = new Map<string, bigint>();
  const add = (to: Map<string, bigint>, name: string, value: bigint) =>
    to.set(name, (to.get(name) ?? 0n) + value);
  const { stacks, functions, samples } = profile;
  let total = 0n;
  for (let sample = 0; sample < samples.length; sample++) {
    const value = read(sample);
    const stack = samples.stacks[sample] ?? 0;
    const frames = stacks.functions.subarray(stacks.offsets[stack], stacks.offsets[stack + 1]);
    const names = Array.from(frames, (frame) => functions.names[frame] ?? "");
    total += value;
    add(flat, names.at(-1) ?? "", value);
    for (const name of new Set(names)) {
      add(cum, name, value);
      add(flat, name, 0n); // pprof lists functions that are never a leaf, too
    }
  }
  return { total, flat, cum };
}

function valuesOf(profile: Profile, top: PprofTop, kind: string): (sample: number) => bigint {
  if (top.type === "samples") return (sample) => BigInt(profile.samples.counts[sample] ?? 0);
  const ours = top.type === "delay" ? kind : top.type === "contentions" ? `${kind}_contentions` : top.type;
  const column = profile.sampleTypes.findIndex(({ type }) => type === ours);
  expect(column, ours).toBeGreaterThanOrEqual(0);
  const width = profile.sampleTypes.length;
  return (sample) => profile.samples.values[sample * width + column] ?? 0n;
}

const largest = (values: Iterable<bigint>, count: number) =>
  [...values].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0)).slice(0, count);

describe("a recorded profile, as go tool pprof reads it", () => {
  test("there is truth for every service and kind", () => {
    expect(truths.map(({ name }) => name)).toEqual(
      ["gateway", "inventory", "pricing"].flatMap((service) =>
        ["block", "cpu", "goroutine", "heap", "mutex"].map((kind) => `${service}-${kind}`),
      ),
    );
  });

  test.each(truths)("$name: totals and top 20 of every sample type", ({ name, path, tops }) => {
    const profile = decode(path);
    for (const top of tops) {
      const ours = sum(profile, valuesOf(profile, top, name.split("-")[1] ?? ""));
      expect(ours.total, top.type).toBe(top.total);
      expect(
        top.rows.map((row) => ({ ...row, flat: ours.flat.get(row.name), cum: ours.cum.get(row.name) })),
        `${top.type} by ${top.order}`,
      ).toEqual(top.rows);
      // Equal values may stand in any order, so the values say that the twenty are the first.
      expect(largest(ours[top.order].values(), top.rows.length)).toEqual(
        top.rows.map((row) => row[top.order]),
      );
    }
  });
});
