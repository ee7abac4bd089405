import { expect, test } from "vitest";
import type { PprofSource } from "@/lib/profile/encode-pprof";
import { formatSvg } from "@/lib/profile/format-svg";

/** Folded stacks, `a;b 3` a line. */
function source(folded: string): PprofSource {
  const functions: string[] = [];
  const at = (name: string) =>
    functions.includes(name) ? functions.indexOf(name) : functions.push(name) - 1;
  const lines = folded.split("\n").map((line) => /^(.*) (-?\d+)$/.exec(line.trim()) ?? []);
  const stacks = lines.map(([, stack = ""]) => ({ functions: stack.split(";").map(at), lines: [] }));
  return {
    sampleTypes: [{ type: "cpu", unit: "nanoseconds" }],
    functions: functions.map((name) => ({ name, systemName: name, file: "", startLine: 0 })),
    stacks,
    samples: lines.map(([, , value = "0"], stack) => ({ stack, values: [BigInt(value)], labels: [] })),
  };
}

const frames = (svg: string) =>
  [...svg.matchAll(/<title>(.*?): (-?\d+) .*?<\/title><rect x="([\d.]+)" y="(\d+)" width="([\d.]+)"/g)].map(
    ([, name = "", total = "", x = "", y = "", width = ""]) => ({
      name,
      total,
      x: Number(x),
      y: Number(y),
      width: Number(width),
    }),
  );

test("widths are shares of the whole, children lie within their caller", () => {
  const drawn = frames(formatSvg(source("main;work;hash 3\nmain;work 1\nmain;wait 4\nidle 2"), "shop"));
  const draw = drawn
    .sort((a, b) => a.y - b.y || a.x - b.x)
    .map(({ name, total, x, width }) => `${name} ${total} ${Math.round(x)}-${Math.round(x + width)}`);
  expect(draw).toEqual([
    "all 10 0-1200",
    "main 8 0-960",
    "idle 2 960-1200",
    "wait 4 0-480",
    "work 4 480-960",
    "hash 3 480-840",
  ]);
});

test("names stay text", () => {
  const svg = formatSvg(source('<script>alert(1)</script>;"&\u0000 5'), "a<b");
  expect(svg).not.toContain("<script>");
  expect(svg).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(svg).toContain("&quot;&amp;\u{FFFD}");
  expect(svg).toContain("a&lt;b");
});

test("what is narrower than half a pixel is in its caller's value; differences that are negative have no width", () => {
  const drawn = frames(formatSvg(source("main;seen 999999\nmain;unseen 1\nmain;freed -10"), "shop"));
  expect(drawn.map(({ name }) => name)).toEqual(["all", "main", "seen"]);
  expect(drawn[0]?.total).toBe("999990");
});
