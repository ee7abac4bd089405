import { expect, test } from "vitest";
import type { FlamegraphResponse, FlameNode } from "@/lib/api/contract";
import { buildZoomedView, needsOwnRequest } from "./zoomed-view";

const node = (id: string, total: number, children: FlameNode[] = [], cut = 0): FlameNode => {
  const self = total - cut - children.reduce((sum, child) => sum + child.total, 0);
  return { id, name: id.toUpperCase(), file: "", line: 0, self, total, sampleCount: total, cut, children };
};
const answer = (root: FlameNode, ancestors: { id: string; name: string }[] = []): FlamegraphResponse => ({
  type: "cpu",
  unit: "nanoseconds",
  total: 100,
  sampleCount: 100,
  sampleRateHz: 100,
  certainty: "range",
  meaning: "window",
  profileCount: null,
  instanceCount: null,
  asOfUnixNano: null,
  truncated: true,
  nodeCount: 4,
  ancestors,
  matched: null,
  emptyReason: null,
  emptyCode: null,
  root,
});

const WHOLE = answer(
  node("root", 100, [node("a", 60, [node("b", 40, [], 10)]), node("c", 40, [node("d", 40)])]),
);
const show = (focus: string | null, own: FlamegraphResponse | null = null) => {
  const view = buildZoomedView(WHOLE, focus, own);
  return `${[...view.ancestors.map(({ id }) => id), view.node.id].join(" > ")}: ${view.node.total}, ${view.state}`;
};

test("what is drawn whole is zoomed into without a request", () => {
  expect(show(null)).toBe("root: 100, complete");
  expect(show("root")).toBe("root: 100, complete");
  expect(show("d")).toBe("root > c > d: 40, complete");
  expect([null, "root", "c", "d"].map((focus) => needsOwnRequest(WHOLE, focus))).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

test("what was cut is shown as far as it is known until its own frames are there", () => {
  expect(needsOwnRequest(WHOLE, "a")).toBe(true);
  expect(show("a")).toBe("root > a: 60, partial");
  const own = answer(node("a", 60, [node("b", 40, [node("z", 10)])]));
  expect(show("a", own)).toBe("root > a: 60, complete");
  expect(show("b", own)).toBe("root > a > b: 40, partial");
});

test("a frame below the cut is reached by its own answer alone", () => {
  expect(needsOwnRequest(undefined, "z")).toBe(true);
  expect(needsOwnRequest(WHOLE, "z")).toBe(true);
  expect(show("z")).toBe("root: 100, missing");
  const own = answer(node("z", 10), [
    { id: "a", name: "A" },
    { id: "y", name: "Y" },
  ]);
  expect(show("z", own)).toBe("root > a > y > z: 10, complete");
  expect(buildZoomedView(WHOLE, "z", own).ancestors.map((ancestor) => ancestor.node?.total)).toEqual([
    100,
    60,
    undefined,
  ]);
});

test("a frame that the samples do not hold leaves the whole graph", () => {
  expect(show("gone", answer(node("gone", 0)))).toBe("root: 100, missing");
});
