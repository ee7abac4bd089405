import { expect, test } from "vitest";
import type { FlameNode } from "@/lib/api/contract";
import { buildDrawnTree, type DrawnFrame, findPath, isCutSomewhere } from "./drawn-tree";

/** `name total` per line, children indented by two spaces; self is what remains after children and `cut N`. */
function readTree(text: string): FlameNode {
  const stack: FlameNode[] = [];
  for (const line of text.split("\n").filter((each) => each.trim() !== "")) {
    const [, indent = "", name = "", total, cut = "0"] = /^( *)(\S+) (\d+)(?: cut (\d+))?$/.exec(line) ?? [];
    const node: FlameNode = {
      name,
      file: "",
      line: 0,
      id: name,
      self: Number(total) - Number(cut),
      total: Number(total),
      sampleCount: Number(total),
      cut: Number(cut),
      children: [],
    };
    stack.length = indent.length / 2;
    const parent = stack.at(-1);
    if (parent !== undefined) {
      parent.children.push(node);
      parent.self -= node.total;
    }
    stack.push(node);
  }
  const root = stack[0];
  if (root === undefined) throw new Error("empty tree");
  return root;
}

function draw(frame: DrawnFrame, indent = ""): string {
  const mark = frame.kind === "frame" ? "" : ` (${frame.kind})`;
  return [
    `${indent}${frame.name || "…"} ${frame.value}${mark}`,
    ...frame.children.map((c) => draw(c, `${indent}  `)),
  ].join("\n");
}

const TREE = readTree(`
root 100 cut 20
  a 60 cut 15
    b 30
  c 20
    toString 20
      constructor 5`);

test("children stand widest first, what was cut after them", () => {
  expect(draw(buildDrawnTree(TREE, [], 0))).toBe(
    `root 100
  a 60
    b 30
    … 15 (cut)
  c 20
    toString 20
      constructor 5
  … 20 (cut)`,
  );
});

test("cut frames too narrow to be clicked are left out", () => {
  expect(draw(buildDrawnTree(TREE, [], 16))).not.toContain("15 (cut)");
});

test("ancestors stand above the zoomed frame, as wide as it", () => {
  const path = findPath(TREE, "toString") ?? [];
  const ancestors = path.slice(0, -1).map((node) => ({ id: node.id, name: node.name, node }));
  const [zoomed] = path.slice(-1);
  if (zoomed === undefined) throw new Error("not found");
  const drawn = buildDrawnTree(zoomed, ancestors, 0);
  expect(draw(drawn)).toBe(
    `root 100 (ancestor)
  c 20 (ancestor)
    toString 20
      constructor 5`,
  );
  expect([drawn.fade, drawn.children[0]?.fade, drawn.children[0]?.children[0]?.fade]).toEqual([
    true,
    true,
    false,
  ]);
});

test("laws: drawn children never exceed their parent, and cut = total - self - children", () => {
  const random = seeded(7);
  for (let round = 0; round < 50; round++) {
    const tree = randomTree(random, 1 + Math.floor(random() * 10_000), 0);
    const open = [buildDrawnTree(tree, [], 0)];
    for (let frame = open.pop(); frame !== undefined; frame = open.pop()) {
      const below = frame.children.reduce((sum, child) => sum + child.value, 0);
      if (frame.kind === "frame") expect(frame.self + below).toBe(frame.value);
      if (frame.kind === "cut") expect(frame.children).toEqual([]);
      open.push(...frame.children);
    }
  }
});

test("a path is found in a tree deeper than any call stack", () => {
  const root = readTree("n0 1");
  let last = root;
  for (let depth = 1; depth < 50_000; depth++) {
    const next = { ...readTree(`n${depth} 1`) };
    last.children.push(next);
    last = next;
  }
  expect(findPath(root, "n49999")).toHaveLength(50_000);
  expect(isCutSomewhere(root)).toBe(false);
  last.cut = 1;
  expect(isCutSomewhere(root)).toBe(true);
  expect(findPath(root, "nowhere")).toBeNull();
});

function randomTree(random: () => number, total: number, depth: number): FlameNode {
  const node = readTree(`n${Math.floor(random() * 1e9)} ${total}`);
  let rest = total;
  while (rest > 0 && depth < 12 && random() < 0.7) {
    const share = 1 + Math.floor(random() * rest);
    node.children.push(randomTree(random, share, depth + 1));
    rest -= share;
  }
  node.cut = Math.floor(random() * (rest + 1));
  node.self = rest - node.cut;
  return node;
}

function seeded(seed: number): () => number {
  return () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
}
