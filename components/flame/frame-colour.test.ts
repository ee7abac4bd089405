import { expect, test } from "vitest";
import { frameColour, packageHue } from "./frame-colour";
import { parseFrameName } from "./frame-name";

const colourOf = (name: string) => frameColour(parseFrameName(name, "x.go"));

test("functions of one package share a colour, packages with a common beginning do not", () => {
  expect(colourOf("github.com/acme/cart.Add")).toBe(colourOf("github.com/acme/cart.(*Cart).Remove"));
  expect(colourOf("github.com/acme/cart.Add")).not.toBe(colourOf("github.com/acme/card.Add"));
});

test("the runtime is muted, whatever its hue", () => {
  expect(colourOf("runtime.mallocgc")).toContain("--flame-chroma-runtime");
  expect(colourOf("encoding/json.Marshal")).toContain("--flame-chroma-stdlib");
  expect(colourOf("main.main")).toContain("--flame-chroma-app");
});

test("hues spread over the circle and leave out what means CPU and error", () => {
  const packages = Array.from({ length: 400 }, (_, index) => `github.com/acme/shop/internal/package${index}`);
  const hues = packages.map(packageHue);
  expect(new Set(hues).size).toBe(20);
  expect(hues.filter((hue) => hue > 10 && hue < 75)).toEqual([]);
  const largest = Math.max(...[...new Set(hues)].map((hue) => hues.filter((other) => other === hue).length));
  expect(largest).toBeLessThan(40);
});
