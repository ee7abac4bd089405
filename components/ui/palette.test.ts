import { expect, test } from "vitest";
import { assignColours, CATEGORY_COUNT, colourOf } from "./palette";

const names = Array.from({ length: 25 }, (_, i) => `service-${i}`);

test("ten names shown together have ten colours, in any order the same ones", () => {
  const ten = names.slice(0, CATEGORY_COUNT);
  const colours = assignColours(ten);
  expect(new Set(colours.values()).size).toBe(CATEGORY_COUNT);
  expect(assignColours([...ten].reverse())).toEqual(colours);
});

test("three names are never neighbours in hue", () => {
  for (let i = 0; i + 2 < names.length; i++) {
    const slots = [...assignColours(names.slice(i, i + 3)).values()].map((colour) =>
      Number(/\d/.exec(colour)?.[0]),
    );
    for (const a of slots) for (const b of slots) expect([0, 2, 3, 4, 5, 6, 7, 8]).toContain(Math.abs(a - b));
  }
});

test("more names than colours share them evenly", () => {
  const uses = new Map<string, number>();
  for (const colour of assignColours(names).values()) uses.set(colour, (uses.get(colour) ?? 0) + 1);
  expect([...uses.values()].sort()).toEqual([2, 2, 2, 2, 2, 3, 3, 3, 3, 3]);
});

test("alone, a name has its own colour", () => {
  for (const name of names) expect(assignColours([name]).get(name)).toBe(colourOf(name));
});
