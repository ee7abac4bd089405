import { expect, test } from "vitest";
import type { SpanId } from "@/lib/ids";
import { adoptCalleeSpans, calleeSpanId } from "@/lib/trace/shared-span";

const id = (digit: string) => digit.repeat(16) as SpanId;
const span = (service: string, spanId: string, parentSpanId: string) => ({ service, spanId, parentSpanId });

test("what the callee did goes below its half, in whatever order the halves come", () => {
  const callee = calleeSpanId(id("1"));
  const spans = [
    span("web", id("1"), id("0")),
    span("shop", callee, id("1")),
    span("shop", id("3"), id("1")), // work of the callee
    span("web", id("4"), id("1")), // the caller's own, such as a connection it opened
    span("shop", id("5"), id("3")),
  ];
  const parents = (all: typeof spans) =>
    Object.fromEntries(adoptCalleeSpans(all).map(({ parentSpanId, spanId }) => [spanId, parentSpanId]));
  const expected = {
    [id("1")]: id("0"),
    [callee]: id("1"),
    [id("3")]: callee,
    [id("4")]: id("1"),
    [id("5")]: id("3"),
  };
  expect(parents(spans)).toEqual(expected);
  expect(parents(spans.toReversed())).toEqual(expected);
  // The caller's half was not sampled, or has not arrived.
  expect(parents(spans.slice(1))).toMatchObject({ [callee]: id("1"), [id("3")]: callee });
});

test("a trace without shared spans is left as it is", () => {
  const spans = [span("a", id("1"), ""), span("b", id("2"), id("1")), span("b", id("3"), id("2"))];
  expect(adoptCalleeSpans(spans)).toBe(spans);
});
