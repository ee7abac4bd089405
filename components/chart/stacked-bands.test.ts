import { expect, test } from "vitest";
import { type BandInput, buildStackedBands, foldSmallSeries } from "./stacked-bands";

const SECOND = 1_000_000_000;
const at = (second: number) => String(BigInt(second) * BigInt(SECOND));
const seconds = (second: number) => BigInt(second) * BigInt(SECOND);

/** `a 1 . 3`: a series with values at steps 0 and 2, in seconds of CPU. */
function series(text: string, stepSeconds: number): BandInput[] {
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const [key = "", ...values] = line.trim().split(/\s+/);
      const points = values.flatMap((value, index): [string, number][] =>
        value === "." ? [] : [[at(100 + index * stepSeconds), Number(value) * SECOND]],
      );
      return { key, points };
    });
}

test("series stand on one another, in cores; a missing step is zero and moves nobody", () => {
  const { bands, ticks, peak } = buildStackedBands(series("a 10 20 .\nb 5 . 5", 10), {
    fromNs: seconds(100),
    toNs: seconds(130),
    stepNs: 10 * SECOND,
  });
  expect(ticks).toEqual([0, 10_000, 20_000, 30_000]);
  expect(bands[0]?.edges).toEqual([
    [0, 1],
    [0, 2],
    [0, 0],
  ]);
  expect(bands[1]?.edges).toEqual([
    [1, 1.5],
    [2, 2],
    [0, 0.5],
  ]);
  expect(peak).toBe(2);
});

test("what the bands hold adds up to what was measured", () => {
  const input = series("a 1 2 3 4\nb . 7 . 1\nc 9 . . .", 10);
  const { bands } = buildStackedBands(input, {
    fromNs: seconds(100),
    toNs: seconds(140),
    stepNs: 10 * SECOND,
  });
  for (const [index, one] of input.entries()) {
    expect(bands[index]?.total).toBe(one.points.reduce((sum, [, value]) => sum + value, 0));
  }
});

test("a step that the range cuts is drawn as far as the range goes and never higher than it was", () => {
  const { bands, ticks } = buildStackedBands(series("a 10 10 10", 10), {
    fromNs: seconds(109),
    toNs: seconds(122),
    stepNs: 10 * SECOND,
  });
  expect(ticks).toEqual([0, 1_000, 11_000, 13_000]);
  expect(bands[0]?.edges.map(([, high]) => high)).toEqual([1, 1, 1]);
});

test("the smallest series are added up under one name and nothing is lost", () => {
  const folded = foldSmallSeries(series("others 0 1\na 1 1\nb 9 .\nc . 1\nd 5 5\ne 1 .", 10), 2, "others");
  expect(folded.map(({ key }) => key)).toEqual(["d", "b", "others"]);
  expect(folded[2]?.points.map(([, value]) => value / SECOND)).toEqual([2, 3]);
});
