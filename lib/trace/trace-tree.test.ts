import { describe, expect, test } from "vitest";
import { readDrawnTrace } from "@/lib/trace/test-draw-trace";
import { buildTraceTree } from "@/lib/trace/trace-tree";

function drawTree(drawing: string): string {
  return buildTraceTree(readDrawnTrace(drawing))
    .nodes.map((node) => `${"  ".repeat(node.depth)}${node.span.name}${node.skewed ? " skewed" : ""}`)
    .join("\n");
}

describe("buildTraceTree", () => {
  test("orders children by start, whatever the order of arrival", () => {
    expect(
      drawTree(`
late 50..60 <root
root 0..100
early 10..20 <root
deep 11..12 <early`),
    ).toBe("root\n  early\n    deep\n  late");
  });

  test("makes a root of a span whose parent is missing, after the real root", () => {
    const drawing = `
orphan 1..5 <nowhere
root 2..10`;
    expect(drawTree(drawing)).toBe("root\norphan");
    expect(buildTraceTree(readDrawnTrace(drawing)).warnings).toEqual([
      "1 span names a parent that has not arrived: shown as roots.",
    ]);
  });

  test("keeps the first of equal ids and says so", () => {
    const tree = buildTraceTree(readDrawnTrace("root 0..10\n  a 1..2\n  a 3..9"));
    expect(tree.nodes.map((node) => [node.span.name, node.endNs])).toEqual([
      ["root", 10e6],
      ["a", 2e6],
    ]);
    expect(tree.warnings).toEqual(["1 span has the id of another span: the first of each is shown."]);
  });

  test("cuts a cycle at its earliest span, not at what hangs below it", () => {
    const drawing = `
below 1..2 <b
a 5..9 <b
b 6..8 <a
self 7..8 <self`;
    expect(drawTree(drawing)).toBe("a\n  b\n    below skewed\nself");
    expect(buildTraceTree(readDrawnTrace(drawing)).warnings[0]).toBe(
      "2 spans are their own ancestor: the cycle is cut at its earliest span.",
    );
  });

  test("marks what starts before its parent and leaves its time alone", () => {
    const tree = buildTraceTree(readDrawnTrace("web/root 10..100\n  db/query 7.5..20 Server"));
    expect(tree.nodes.map((node) => node.startNs)).toEqual([2.5e6, 0]);
    expect(tree.warnings).toEqual([
      "1 span starts up to 2.5 ms before the parent: their clocks differ. Times are shown as sent.",
    ]);
  });

  test("takes a chain of 100,000 spans", () => {
    const chain = readDrawnTrace("s0 0..1");
    const [link] = chain;
    if (link === undefined) throw new Error("no span");
    const spans = Array.from({ length: 100_000 }, (_, depth) => ({
      ...link,
      spanId: `s${depth}` as typeof link.spanId,
      parentSpanId: (depth === 0 ? "" : `s${depth - 1}`) as typeof link.parentSpanId,
    }));
    expect(buildTraceTree(spans).nodes.at(-1)?.depth).toBe(99_999);
  });
});
