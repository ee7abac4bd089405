import { expect, test } from "vitest";
import { RecentIds } from "@/lib/store/recent-ids";

test("what is asked for stays, the rest is forgotten, and memory is bounded", () => {
  const recent = new RecentIds(100);
  recent.startDay("2026-11-20");
  recent.add(1n);
  recent.add(2n);
  for (let id = 1_000n; id < 1_500n; id++) {
    recent.add(id);
    expect(recent.has(1n)).toBe(true);
  }
  expect(recent.has(2n)).toBe(false);
  const kept = Array.from({ length: 500 }, (_, index) => recent.has(BigInt(1_000 + index))).filter(Boolean);
  expect(kept.length).toBeLessThanOrEqual(100);
});

test("a new day knows nothing", () => {
  const recent = new RecentIds(100);
  recent.startDay("2026-11-20");
  recent.add(1n);
  recent.startDay("2026-11-20");
  expect(recent.has(1n)).toBe(true);
  recent.startDay("2026-11-21");
  expect(recent.has(1n)).toBe(false);
});
