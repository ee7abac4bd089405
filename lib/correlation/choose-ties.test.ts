import { describe, expect, test } from "vitest";
import { certaintyOf, chooseTieRule, tieRules } from "@/lib/correlation/choose-ties";
import { parseSpanId, parseTraceId } from "@/lib/ids";

const traceId = parseTraceId("0af7651916cd43dd8448eb211c80319c");
const spanId = parseSpanId("b7ad6b7169203331");

describe("the tie between samples and what was asked for", () => {
  test.each([
    ["a range", {}, { labelled: 0, process: 0 }, undefined],
    ["labels beat a capture", { traceId }, { labelled: 1, process: 900 }, "labelled"],
    ["a capture serves a trace without labels", { traceId }, { labelled: 0, process: 900 }, "process"],
    ["a capture never serves a span", { traceId, spanId }, { labelled: 0, process: 900 }, "labelled"],
    ["nothing found", { traceId }, { labelled: 0, process: 0 }, "labelled"],
  ] as const)("%s", (_name, selector, found, rule) => {
    expect(chooseTieRule(selector, found)).toBe(rule);
  });

  test("rules are ordered from strong to weak", () => {
    expect(tieRules({ traceId })).toEqual(["labelled", "process"]);
    expect(tieRules({ spanId })).toEqual(["labelled"]);
    expect(tieRules({})).toEqual([]);
  });

  test("an answer is as certain as its weakest sample", () => {
    expect(certaintyOf("labelled", "span")).toBe("span-label");
    expect(certaintyOf("labelled", "trace")).toBe("trace-label");
    expect(certaintyOf("process", "process")).toBe("process-capture");
    expect(certaintyOf(undefined, "none")).toBe("range");
  });
});
