import { describe, expect, test } from "vitest";
import { moveByKey } from "@/components/trace/waterfall-keys";
import { ancestorIds, buildWaterfallRows, buildWaterfallTree } from "@/components/trace/waterfall-rows";
import type { TraceResponse, TraceSpan } from "@/lib/api/contract";

/** `indent name start-end[!]`, two blanks a level; "!" ended in an error. */
function trace(text: string): TraceResponse {
  const path: string[] = [];
  const spans = text
    .trim()
    .split("\n")
    .map((line): TraceSpan => {
      const [, indent = "", name = "", start = "0", end = "0", error = ""] =
        /^( *)(\S+) (\d+)-(\d+)(!?)$/.exec(line) ?? [];
      const depth = indent.length / 2;
      path[depth] = name;
      return {
        spanId: name,
        parentSpanId: depth === 0 ? "" : (path[depth - 1] ?? ""),
        service: "shop",
        name,
        kind: "Internal",
        startUnixNano: start,
        durationNs: Number(end) - Number(start),
        selfNs: 0,
        status: error === "!" ? "Error" : "Unset",
        statusMessage: "",
        attributes: {},
        resource: {},
        events: [],
        links: [],
        cpuNs: 0,
        sampleCount: 0,
        critical: false,
      };
    });
  return {
    traceId: "t",
    startUnixNano: "0",
    durationNs: 0,
    cpuNs: 0,
    sampleCount: 0,
    unexplainedNs: 0,
    spans,
    warnings: [],
    noSamplesReason: null,
    noSamplesCode: null,
  };
}

const draw = (response: TraceResponse, folded: string[] = []) => {
  const tree = buildWaterfallTree(response);
  if (tree === undefined) return "";
  return buildWaterfallRows(tree, new Set(folded))
    .map((row) => {
      const hidden =
        row.expanded || row.below.spans === 0 ? "" : ` (+${row.below.spans}, ${row.below.errors} errors)`;
      return `${"  ".repeat(row.node.depth)}${row.span.name}${hidden}`;
    })
    .join("\n");
};

const SHOP = trace(`
get 0-100
  load 10-90
    query 20-30
    query2 30-40!
      driver 31-39!
  render 90-99
log 100-101`);

describe("the waterfall's keys", () => {
  const tree = buildWaterfallTree(SHOP);
  const press = (key: string, selected: string, folded: string[] = []) => {
    if (tree === undefined) return undefined;
    const rows = buildWaterfallRows(tree, new Set(folded));
    const move = moveByKey(
      key,
      rows,
      rows.findIndex((row) => row.span.name === selected),
      tree,
    );
    return move && `${move.kind} ${move.spanId}`;
  };

  test("move through what is shown and stop at the ends", () => {
    expect(press("ArrowDown", "get")).toBe("select load");
    expect(press("ArrowDown", "load", ["load"])).toBe("select render");
    expect(press("ArrowUp", "get")).toBe("select get");
    expect(press("End", "get")).toBe("select log");
    expect(press("ArrowDown", "log")).toBe("select log");
    expect(press("ArrowDown", "")).toBe("select get");
  });

  test("left folds, then climbs; right unfolds, then descends", () => {
    expect(press("ArrowLeft", "load")).toBe("fold load");
    expect(press("ArrowLeft", "load", ["load"])).toBe("select get");
    expect(press("ArrowLeft", "query")).toBe("select load");
    expect(press("ArrowRight", "load", ["load"])).toBe("unfold load");
    expect(press("ArrowRight", "load")).toBe("select query");
    expect(press("ArrowRight", "query")).toBeUndefined();
    expect(press("a", "query")).toBeUndefined();
  });
});

describe("the waterfall's rows", () => {
  test("come depth first, siblings by start", () => {
    expect(draw(SHOP)).toBe("get\n  load\n    query\n    query2\n      driver\n  render\nlog");
  });

  test("folding hides what is below and keeps its errors in sight", () => {
    expect(draw(SHOP, ["load"])).toBe("get\n  load (+3, 2 errors)\n  render\nlog");
    expect(draw(SHOP, ["get", "load"])).toBe("get (+5, 2 errors)\nlog");
  });

  test("a span's ancestors lead to its root", () => {
    const tree = buildWaterfallTree(SHOP);
    expect(tree && ancestorIds(tree, "driver")).toEqual(["query2", "load", "get"]);
    expect(tree && ancestorIds(tree, "nobody")).toEqual([]);
  });

  test("a chain 20,000 deep needs no recursion", () => {
    const spans = Array.from({ length: 20_000 }, (_, i) => ({
      ...(SHOP.spans[0] as TraceSpan),
      spanId: `s${i}`,
      parentSpanId: i === 0 ? "" : `s${i - 1}`,
    }));
    const tree = buildWaterfallTree({ ...SHOP, spans });
    expect(tree?.below[0]?.spans).toBe(19_999);
  });
});
