import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodePprof } from "@/lib/ingest/pprof";
import { readTops } from "@/lib/ingest/test-pprof-top";
import { drawPprof } from "@/lib/ingest/test-pprof-writer";
import { diffCumulative } from "@/lib/profile/diff-cumulative";
import type { Profile } from "@/lib/profile/profile";
import { formatFolded } from "@/lib/profile/test-folded";
import { unixNano } from "@/lib/units";

const RECORDS = new URL("./records/", import.meta.url);
const KINDS = {
  heap: ["alloc_objects", "alloc_space"],
  mutex: ["mutex_contentions", "mutex"],
  block: ["block_contentions", "block"],
};
type Kind = keyof typeof KINDS;

function recorded(kind: Kind, reading: number): Profile {
  const bytes = readFileSync(new URL(`${kind}-${reading}.pb.gz`, RECORDS));
  const lock = kind === "heap" ? {} : { lockKind: kind };
  return decodePprof(bytes, { service: "shop", receivedUnixNano: unixNano(0n), ...lock }).profile;
}

/** A reading `seconds` after the first: `a;b pool=x 10 1` has allocated 10 bytes and uses 1 in a;b with the label pool=x. */
function reading(seconds: number, drawing: string): Profile {
  const lines = drawing.trim() === "" ? [] : drawing.trim().split("\n");
  const samples = lines.map((line) => {
    const [, stack = "", key = "", label = "", alloc = "0", inuse = "0"] =
      /^\s*(\S+)(?: (\w+)=(\w+))? (\d+) (-?\d+)$/.exec(line) ?? [];
    return {
      frames: stack.split(";"),
      labels: key === "" ? {} : { [key]: label },
      values: [BigInt(alloc), BigInt(inuse)],
    };
  });
  const names = [...new Set(samples.flatMap(({ frames }) => frames))];
  const at = (name: string) => names.indexOf(name) + 1;
  const bytes = drawPprof({
    sampleTypes: [
      ["alloc_space", "bytes"],
      ["inuse_space", "bytes"],
    ],
    timeNanos: 1_800_000_000_000_000_000n + BigInt(seconds) * 1_000_000_000n,
    samples: samples.map(({ frames, labels, values }) => ({
      locations: frames.map(at).reverse(),
      labels,
      values,
    })),
    locations: names.map((name) => ({ id: at(name), lines: [[at(name), 1]] })),
    functions: names.map((name) => ({ id: at(name), name })),
  });
  return decodePprof(bytes, { service: "shop", receivedUnixNano: unixNano(0n) }).profile;
}

/** `stack labels value` a key, sorted; equal keys added up. */
function table(profiles: readonly Profile[], type: string): string[] {
  const sums = new Map<string, bigint>();
  for (const { functions, labelSets, sampleTypes, samples, stacks } of profiles) {
    const column = sampleTypes.findIndex((one) => one.type === type);
    for (let sample = 0; sample < samples.length; sample++) {
      const stack = samples.stacks[sample] ?? 0;
      const range = [stacks.offsets[stack], stacks.offsets[stack + 1]] as const;
      const frames = Array.from(stacks.functions.subarray(...range), (fn) => functions.names[fn]);
      const lines = stacks.lines.subarray(...range).join();
      const key = `${frames.join(";")}:${lines} ${JSON.stringify(labelSets[samples.labelSets[sample] ?? 0])}`;
      const value = samples.values[sample * sampleTypes.length + column] ?? 0n;
      sums.set(key, (sums.get(key) ?? 0n) + value);
    }
  }
  return [...sums].flatMap(([key, value]) => (value === 0n ? [] : [`${key} ${value}`])).sort();
}

describe("what was drawn", () => {
  const first = reading(0, "a;b 10 4\na;b pool=x 5 5\nc 1 0");
  const second = reading(60, "a;b 15 0\na;b pool=x 5 2\nc 1 0\na;d 2 2");

  test("counters are subtracted by stack and labels, states pass through", () => {
    const { profile, restarted } = diffCumulative(first, second);
    expect(restarted).toBe(false);
    expect(formatFolded(profile, 0)).toBe("a;b 5\na;d 2");
    expect(formatFolded(profile, 1)).toBe("a;b 2\na;d 2");
    expect(table([profile], "inuse_space")).toEqual(table([second], "inuse_space"));
    expect(profile.sampleTypes.map(({ meaning, type }) => `${type} ${meaning}`)).toEqual([
      "alloc_space window",
      "inuse_space snapshot",
    ]);
  });

  test("it is of the time between the readings", () => {
    const { profile } = diffCumulative(first, second);
    expect([profile.startUnixNano, profile.durationNs]).toEqual([1_800_000_000_000_000_000n, 60e9]);
    // A clock that was set back: the values count, the time is the later reading's.
    const back = diffCumulative(second, reading(0, "a;b 15 0\na;b pool=x 5 2\nc 1 0\na;d 3 0")).profile;
    expect([back.startUnixNano, back.durationNs, formatFolded(back, 0)]).toEqual([
      1_800_000_000_000_000_000n,
      0,
      "a;d 1",
    ]);
  });

  test("equal samples of one profile are one", () => {
    const { profile, restarted } = diffCumulative(
      reading(0, "a;b 3 0\na;b 4 0"),
      reading(1, "a;b 5 0\na;b 3 0"),
    );
    expect([restarted, formatFolded(profile, 0), profile.samples.length]).toEqual([false, "a;b 1", 1]);
  });

  test.each([
    ["a total that fell", "a 10 0", "a 4 0"],
    ["a stack that fell while the total rose", "a 10 0\nb 1 0", "a 4 0\nb 90 0"],
    ["a stack that is gone", "a 10 0\nb 1 0", "a 90 0"],
  ])("%s is of another process, which counts from its start", (_, before, after) => {
    const later = reading(60, after);
    const { profile, restarted } = diffCumulative(reading(0, before), later);
    expect(restarted).toBe(true);
    expect(table([profile], "alloc_space")).toEqual(table([later], "alloc_space"));
  });

  test("a state that fell is no other process; one that the caller knows of is", () => {
    expect(diffCumulative(reading(0, "a 10 9"), reading(1, "a 10 0")).restarted).toBe(false);
    const { profile, restarted } = diffCumulative(reading(0, "a 10 0"), reading(1, "a 12 0"), {
      restarted: true,
    });
    expect([restarted, formatFolded(profile, 0)]).toEqual([true, "a 12"]);
  });
});

const stack = fc
  .array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 3 })
  .map((frames) => frames.join(";"));
const label = fc.constantFrom("", " pool=x", " pool=y");
const count = fc.nat(1_000);

test("what was, and what was added, is what is; nothing is added between equal readings", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(stack, label, count, count, count, count), { maxLength: 12 }), (lines) => {
      const earlier = reading(
        0,
        lines.map(([at, key, before, , state]) => `${at}${key} ${before} ${state}`).join("\n"),
      );
      const later = reading(
        60,
        lines.map(([at, key, before, more, , state]) => `${at}${key} ${before + more} ${state}`).join("\n"),
      );
      const { profile, restarted } = diffCumulative(earlier, later);
      expect(restarted).toBe(false);
      expect(table([earlier, profile], "alloc_space")).toEqual(table([later], "alloc_space"));
      expect(table([profile], "inuse_space")).toEqual(table([later], "inuse_space"));
      expect(table([diffCumulative(later, later).profile], "alloc_space")).toEqual([]);
    }),
  );
});

describe.each(Object.keys(KINDS) as Kind[])("recorded readings of one Go process: %s", (kind) => {
  const readings = [0, 1, 2, 3].map((at) => recorded(kind, at));
  const [zero, one, two, three] = readings as [Profile, Profile, Profile, Profile];

  test("no reading looks like another process, and the differences add up", () => {
    const steps = [diffCumulative(zero, one), diffCumulative(one, two), diffCumulative(two, three)];
    expect(steps.map(({ restarted }) => restarted)).toEqual([false, false, false]);
    for (const type of KINDS[kind]) {
      expect(table([zero, ...steps.map(({ profile }) => profile)], type)).toEqual(table([three], type));
      expect(table([diffCumulative(zero, three).profile], type)).toEqual(
        table(
          steps.map(({ profile }) => profile),
          type,
        ),
      );
    }
  });

  test("is what go tool pprof -diff_base prints", () => {
    const { profile } = diffCumulative(one, three);
    const tops = readTops(readFileSync(new URL(`${kind}.diff.txt`, RECORDS), "utf8"));
    expect(tops).toHaveLength(4);
    for (const top of tops) {
      const column = KINDS[kind][tops.indexOf(top) < 2 ? 0 : 1];
      const sums = sumByFunction(
        profile,
        profile.sampleTypes.findIndex(({ type }) => type === column),
      );
      expect(top.rows.length).toBeGreaterThan(5);
      for (const { cum, flat, name } of top.rows)
        expect([name, sums.get(name)]).toEqual([name, { flat, cum }]);
      const some = [...sums].filter(([, { cum, flat }]) => cum !== 0 || flat !== 0);
      expect(some.length).toBe(top.rows.filter(({ cum, flat }) => cum !== 0 || flat !== 0).length);
    }
  });

  test("the first reading of the process after it is seen as a restart", () => {
    const fresh = recorded(kind, 4);
    const { profile, restarted } = diffCumulative(three, fresh);
    expect(restarted).toBe(true);
    for (const type of KINDS[kind]) expect(table([profile], type)).toEqual(table([fresh], type));
  });
});

function sumByFunction(profile: Profile, column: number): Map<string, { flat: number; cum: number }> {
  const sums = new Map<string, { flat: number; cum: number }>();
  const { functions, sampleTypes, samples, stacks } = profile;
  for (let sample = 0; sample < samples.length; sample++) {
    const stack = samples.stacks[sample] ?? 0;
    const frames = stacks.functions.subarray(stacks.offsets[stack], stacks.offsets[stack + 1]);
    const names = Array.from(frames, (fn) => functions.names[fn] ?? "");
    const value = Number(samples.values[sample * sampleTypes.length + column] ?? 0n);
    for (const name of new Set(names)) {
      const sum = sums.get(name) ?? { flat: 0, cum: 0 };
      sums.set(name, { flat: sum.flat + (name === names.at(-1) ? value : 0), cum: sum.cum + value });
    }
  }
  return sums;
}
