import { describe, expect, test } from "vitest";
import {
  formatAgo,
  formatBytes,
  formatCores,
  formatCount,
  formatDuration,
  formatDurationExact,
  formatPercent,
  formatTime,
  formatValue,
  formatValueExact,
} from "./format";

describe("durations", () => {
  test.each([
    [0, "0 ns"],
    [740, "740 ns"],
    [999.6, "1 µs"],
    [18_300, "18.3 µs"],
    [999_600, "1 ms"],
    [412_049_999, "412 ms"],
    [1_241_332_117, "1.24 s"],
    [59_940_000_000, "59.9 s"],
    [59_970_000_000, "1 m 00 s"],
    [125_000_000_000, "2 m 05 s"],
    [3_599_700_000_000, "1 h 00 m"],
    [11_520_000_000_000, "3 h 12 m"],
    [352_800_000_000_000, "4 d 2 h"],
    [-1_500_000, "-1.5 ms"],
    [null, "–"],
  ])("%d ns reads %s", (ns, text) => expect(formatDuration(ns)).toBe(text));

  test("never more than three significant digits below a minute", () => {
    for (let ns = 1; ns < 59e9; ns *= 1.37) {
      expect(
        formatDuration(ns)
          .replace(/[^1-9]*(\d[\d.]*).*/u, "$1")
          .replace(/\D/g, "").length,
      ).toBeLessThan(4);
    }
  });

  test("the exact form keeps every nanosecond", () => {
    expect(formatDurationExact(1_241_332_117)).toBe("1.241332117 s");
    expect(formatDurationExact(412_050_000)).toBe("412.05 ms");
  });
});

test.each([
  [999, "999"],
  [999.7, "1 k"],
  [3_214, "3.21 k"],
  [999_600, "1 M"],
  [0, "0"],
  [0.00031, "<0.001"],
])("count %d reads %s", (value, text) => expect(formatCount(value)).toBe(text));

test("a share that exists never reads as nothing, nor an incomplete one as all", () => {
  expect(formatPercent(0)).toBe("0 %");
  expect(formatPercent(0.0001)).toBe("<0.1 %");
  expect(formatPercent(0.1239)).toBe("12.4 %");
  expect(formatPercent(0.99999)).toBe(">99.9 %");
  expect(formatPercent(1)).toBe("100 %");
});

test("values follow the unit of their sample type", () => {
  expect(formatValue(1.5e9, "nanoseconds")).toBe("1.5 s");
  expect(formatValue(1_048_576, "bytes")).toBe("1 MiB");
  expect(formatBytes(1_023.9)).toBe("1 KiB");
  expect(formatValue(12, "count")).toBe("12");
  expect(formatValueExact(1_048_576, "bytes")).toBe("1,048,576 bytes");
  expect(formatCores(1)).toBe("1 core");
  expect(formatCores(0.00001)).toBe("<0.001 cores");
});

test("instants keep their milliseconds although they exceed 2^53 nanoseconds", () => {
  expect(formatTime("1700000000123456789")).toMatch(/^\d\d:\d\d:20\.123$/);
  expect(formatAgo("1700000000123456789", 1_700_000_200_000)).toBe("3 m ago");
});
