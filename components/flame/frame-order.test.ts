import { expect, test } from "vitest";
import { buildFrameRows, type FrameMove, moveFrame } from "./frame-order";

interface Box {
  name: string;
  depth: number;
  x0: number;
  x1: number;
  parent: Box | null;
}

/** Each letter run is a frame; its parent is the frame above its first column. */
const PICTURE = ["aaaaaaaaaaaa", "bbbbbbccccc ", "dde   ffff  ", "g           "];

const boxes = PICTURE.reduce<Box[]>((all, line, depth) => {
  for (const run of line.matchAll(/([a-z])\1*/g)) {
    const parent =
      all.find((box) => box.depth === depth - 1 && box.x0 <= run.index && run.index < box.x1) ?? null;
    all.push({ name: run[1] ?? "", depth, x0: run.index, x1: run.index + run[0].length, parent });
  }
  return all;
}, []);
const rows = buildFrameRows(boxes.toReversed());

test("rows stand from left to right", () => {
  expect(rows.map((row) => row.map((box) => box.name).join(""))).toEqual(["a", "bc", "def", "g"]);
});

test.each<[string, FrameMove, string]>([
  ["b", "parent", "a"],
  ["a", "parent", "a"],
  ["a", "child", "b"],
  ["b", "child", "d"],
  ["e", "child", "e"],
  ["b", "right", "c"],
  ["c", "right", "c"],
  ["e", "right", "f"],
  ["f", "left", "e"],
  ["d", "left", "d"],
  ["f", "first", "a"],
  ["f", "last", "g"],
])("from %s, %s leads to %s", (from, move, to) => {
  const start = boxes.find((box) => box.name === from);
  if (start === undefined) throw new Error("no such frame");
  expect(moveFrame(rows, start, move).name).toBe(to);
});
