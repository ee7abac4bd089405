import { expect, test } from "vitest";
import { describeMeaning } from "./meaning-words";

const noon = Date.UTC(2026, 10, 20, 12, 3, 10) + new Date(2026, 10, 20).getTimezoneOffset() * 60_000;
const asOfUnixNano = `${noon}000000`;

function words(given: Partial<Parameters<typeof describeMeaning>[0]>, nowMillis = noon + 60_000) {
  const answer = {
    type: "inuse_space",
    meaning: "snapshot",
    profileCount: 14,
    instanceCount: 1,
    asOfUnixNano,
  } as const;
  return describeMeaning({ ...answer, ...given }, nowMillis)?.short;
}

test("a state is said with its moment, and how many there were", () => {
  expect(words({})).toBe("heap in use at 12:03:10, latest of 14 snapshots");
  expect(words({ profileCount: 1 })).toBe("heap in use at 12:03:10");
  expect(words({ type: "goroutine", instanceCount: 3 })).toBe(
    "goroutines at 12:03:10, latest of each of 3 processes, 14 snapshots in all",
  );
  expect(words({ type: "goroutine", instanceCount: 3, profileCount: 3 })).toBe(
    "goroutines at 12:03:10, one snapshot of each of 3 processes",
  );
  expect(words({}, noon + 86_400_000)).toBe("heap in use at 2026-11-20 12:03:10, latest of 14 snapshots");
});

test("a counter is said to count from the start of its process", () => {
  expect(words({ type: "mutex", meaning: "cumulative" })).toBe(
    "since the process started, until 12:03:10, latest of 14 readings",
  );
  expect(words({ type: "mutex", meaning: "mixed", instanceCount: 1 })).toBe(
    "in the range, and as of 12:03:10 for 1 process",
  );
});

test("windows need no word", () => {
  expect(
    words({ type: "cpu", meaning: "window", profileCount: null, instanceCount: null, asOfUnixNano: null }),
  ).toBe(undefined);
});
