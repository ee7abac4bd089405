import { describe, expect, test } from "vitest";
import { findCriticalPath } from "@/lib/trace/critical-path";
import { computeSelfTimes } from "@/lib/trace/self-time";
import { readDrawnTrace } from "@/lib/trace/test-draw-trace";
import { buildTraceTree } from "@/lib/trace/trace-tree";

function selfTimes(drawing: string): Record<string, number> {
  const tree = buildTraceTree(readDrawnTrace(drawing));
  const self = computeSelfTimes(tree);
  return Object.fromEntries(tree.nodes.map((node, index) => [node.span.name, (self[index] ?? 0) / 1e6]));
}

function criticalPath(drawing: string): Record<string, number> {
  const tree = buildTraceTree(readDrawnTrace(drawing));
  const { onPath, pathNs } = findCriticalPath(tree);
  return Object.fromEntries(
    tree.nodes.flatMap((node, index) =>
      onPath[index] === 1 ? [[node.span.name, (pathNs[index] ?? 0) / 1e6]] : [],
    ),
  );
}

const sum = (values: Record<string, number>) =>
  Object.values(values).reduce((total, value) => total + value, 0);

describe("computeSelfTimes", () => {
  test("counts parallel children once", () => {
    expect(selfTimes("root 0..100\n  a 10..50\n  b 30..60\n  c 35..40")).toEqual({
      root: 50,
      a: 40,
      b: 30,
      c: 5,
    });
  });

  test("clips a child to its parent", () => {
    expect(selfTimes("root 0..100\n  async 90..300\n  later 400..500")).toEqual({
      root: 90,
      async: 210,
      later: 100,
    });
  });

  test("of a serial trace sum to the root's duration", () => {
    expect(
      sum(selfTimes("root 0..100\n  a 10..50\n    b 10..30\n      c 12..13\n    d 30..50\n  e 50..99")),
    ).toBe(100);
  });
});

describe("findCriticalPath", () => {
  test("follows what finished last, and from its start what finished last before", () => {
    const drawing = `
root 0..100
  first 5..40
  short 10..20
  slow 45..95
    inner 50..90
  beside 60..94`;
    expect(criticalPath(drawing)).toEqual({ root: 15, first: 35, slow: 10, inner: 40 });
  });

  test("ignores what goes on after the parent has ended", () => {
    expect(criticalPath("root 0..100\n  async 80..500\n    deep 90..400\n  later 100..200")).toEqual({
      root: 80,
      async: 10,
      deep: 10,
    });
  });

  test("accounts for the root's duration exactly, on random traces", () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    for (let round = 0; round < 200; round++) {
      const lines = ["root 0..1000"];
      for (let i = 0; i < 30; i++) {
        const start = random(1_100);
        const parent = i === 0 || random(3) === 0 ? "root" : `s${random(i)}`;
        lines.push(`s${i} ${start}..${start + random(400)} <${parent}`);
      }
      // Before the root, nothing can have been waited for: spans before it are clipped like those after it.
      expect(sum(criticalPath(lines.join("\n")))).toBeCloseTo(1_000, 6);
    }
  });
});
