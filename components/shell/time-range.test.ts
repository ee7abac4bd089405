import { expect, test } from "vitest";
import { DEFAULT_RANGE, formatRange, parseInstant, resolveRange } from "./time-range";

const NOW = 1_700_000_000_123_456_789n;

test("instants: relative, nanoseconds, RFC 3339", () => {
  expect(parseInstant("now", NOW)).toBe(NOW);
  expect(parseInstant("now-15m", NOW)).toBe(NOW - 900_000_000_000n);
  expect(parseInstant("1700000000123456789", 0n)).toBe(NOW);
  expect(parseInstant("2023-11-14T22:13:20Z", 0n)).toBe(1_700_000_000_000_000_000n);
  for (const wrong of ["", "now-1", "now-1w", "yesterday", "12:30", "-5"])
    expect(parseInstant(wrong, NOW)).toBeUndefined();
});

test("an empty or inverted range is none", () => {
  expect(resolveRange(DEFAULT_RANGE, NOW)).toEqual({ from: NOW - 3_600_000_000_000n, to: NOW });
  expect(resolveRange({ from: "now", to: "now-1h" }, NOW)).toBeUndefined();
  expect(resolveRange({ from: "now", to: "now" }, NOW)).toBeUndefined();
});

test("ranges read as people say them", () => {
  expect(formatRange(DEFAULT_RANGE)).toBe("Last hour");
  expect(formatRange({ from: "now-90m", to: "now" })).toBe("Last 90m");
  expect(formatRange({ from: "1700000000000000000", to: "1700000060000000000" })).toMatch(
    /^2023-11-1\d \d\d:13:20 – 2023-11-1\d \d\d:14:20$/,
  );
});
