import { expect, test } from "vitest";
import { DEFAULT_RANGE, formatRange, resolveRange } from "./time-range";

const NOW = 1_700_000_000_123;
const HOUR_NS = 3_600_000_000_000n;

test("an empty or inverted range is none", () => {
  expect(resolveRange(DEFAULT_RANGE, NOW)).toEqual({
    from: 1_700_000_000_123_000_000n - HOUR_NS,
    to: 1_700_000_000_123_000_000n,
  });
  expect(resolveRange({ from: "now", to: "now-1h" }, NOW)).toBeUndefined();
  expect(resolveRange({ from: "yesterday", to: "now" }, NOW)).toBeUndefined();
  expect(resolveRange({ from: "now", to: "now" }, NOW)).toBeUndefined();
});

test("ranges read as people say them", () => {
  expect(formatRange(DEFAULT_RANGE)).toBe("Last hour");
  expect(formatRange({ from: "now-90m", to: "now" })).toBe("Last 90m");
  expect(formatRange({ from: "1700000000000000000", to: "1700000060000000000" })).toMatch(
    /^2023-11-1\d \d\d:13:20 – \d\d:14:20$/,
  );
});
