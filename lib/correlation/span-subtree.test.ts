import { expect, test } from "vitest";
import { spanSubtree } from "@/lib/correlation/span-subtree";
import type { SpanId } from "@/lib/ids";

const spans = (text: string) =>
  text.split(" ").map((edge) => {
    const [parentSpanId = "", spanId = ""] = edge.split(">");
    return { spanId, parentSpanId };
  });
const below = (root: string, edges: string) => spanSubtree(root as SpanId, spans(edges)).sort();

test("holds the span and every descendant", () => {
  expect(below("b", ">a a>b a>c b>d d>e c>f")).toEqual(["b", "d", "e"]);
});

test("ends on a cycle, and on a span nobody knows", () => {
  expect(below("a", "b>a a>b b>c")).toEqual(["a", "b", "c"]);
  expect(below("z", ">a a>b")).toEqual(["z"]);
});

test("a chain of 200,000 spans costs no stack", () => {
  const chain = Array.from({ length: 200_000 }, (_, i) => ({ spanId: `${i + 1}`, parentSpanId: `${i}` }));
  expect(spanSubtree("0" as SpanId, chain)).toHaveLength(200_001);
});
