import { expect, test } from "vitest";
import { Arrivals } from "@/lib/store/arrivals";
import { KnownTraces } from "@/lib/store/known-traces";

const id = (n: number) => n.toString(16).padStart(32, "0");
const ids = (count: number, from = 0) => Array.from({ length: count }, (_, n) => id(from + n));

test("what was seen is never called new, and few others are called known", () => {
  const known = new KnownTraces(10_000, 0);
  for (const traceId of ids(10_000)) known.add(traceId, 100);
  expect(ids(10_000).filter((traceId) => known.isNew(traceId, 100))).toEqual([]);
  expect(ids(10_000, 1_000_000).filter((traceId) => !known.isNew(traceId, 100)).length).toBeLessThan(300);
});

test("of what is forgotten nothing is called new", () => {
  const known = new KnownTraces(1_000, 50);
  expect(known.isNew(id(1), 49)).toBe(false); // from before anything was known
  for (let second = 0; second < 4; second++) {
    for (const traceId of ids(1_000, second * 1_000)) known.add(traceId, 100 + second);
    for (const [n, traceId] of ids((second + 1) * 1_000).entries()) {
      expect(known.isNew(traceId, 100 + Math.floor(n / 1_000)), `${n} after ${second}`).toBe(false);
    }
  }
  expect(ids(100, 9_000).filter((traceId) => known.isNew(traceId, 104)).length).toBeGreaterThan(90);
});

/** Many traces, so that none is settled for want of others. */
function crowded(): Arrivals {
  const arrivals = new Arrivals(new KnownTraces(10_000, 0));
  for (const traceId of ids(1_000, 10_000)) arrivals.add(traceId, 109, 1, 109);
  return arrivals;
}
const dueIds = (arrivals: Arrivals, now: number) => arrivals.due(now).flatMap(({ traceIds }) => traceIds);

test("a trace is settled when nothing came for two seconds, or after six", () => {
  const arrivals = crowded();
  arrivals.add(id(1), 100, 5, 100);
  arrivals.add(id(2), 103, 5, 103);
  arrivals.add(id(2), 109, 5, 103);
  arrivals.add(id(3), 109, 5, 109);
  arrivals.add(id(4), 104, 5, 104);
  arrivals.add(id(4), 108, 5, 104);
  expect(dueIds(arrivals, 109).sort()).toEqual([id(1), id(2)]);
  expect(dueIds(arrivals, 110).sort()).toEqual([id(1), id(2), id(4)]);
  expect(arrivals.oldest()).toBe(100);
  arrivals.settled([id(1), id(2), id(4)]);
  expect(arrivals.oldest()).toBe(109);
  expect(dueIds(arrivals, 110)).toEqual([]);
});

test("few traces wait for nothing", () => {
  const arrivals = new Arrivals(new KnownTraces(10_000, 0));
  arrivals.add(id(1), 109, 5, 109);
  expect(arrivals.due(109)).toEqual([{ traceIds: [id(1)], since: 109, spans: 5 }]);
});

test("a trace is read from where it was first seen, and whole when that is forgotten", () => {
  const arrivals = new Arrivals(new KnownTraces(10_000, 0));
  arrivals.add(id(1), 100, 5, 99);
  arrivals.settled([id(1)]);
  arrivals.add(id(1), 105, 1, 105);
  arrivals.add(id(1), 98, 1, 98); // stamped earlier, committed later
  expect(arrivals.due(undefined)).toEqual([{ traceIds: [id(1)], since: 98, spans: 7 }]);
  arrivals.settled([id(1)]);
  arrivals.forgetBefore(200);
  arrivals.add(id(1), 300, 1, 300);
  expect(arrivals.due(undefined)).toEqual([{ traceIds: [id(1)], since: 0, spans: 1 }]);
});

test("batches are bounded by spans and by traces", () => {
  const arrivals = new Arrivals(new KnownTraces(100_000, 0));
  for (const [n, traceId] of ids(9_000).entries()) arrivals.add(traceId, 100, n < 10 ? 30_000 : 1, 100);
  const batches = arrivals.due(undefined);
  expect(batches.flatMap(({ traceIds }) => traceIds)).toHaveLength(9_000);
  for (const { traceIds, spans } of batches) {
    expect(traceIds.length).toBeLessThanOrEqual(4_000);
    expect(traceIds.length === 1 || (spans ?? 0) <= 40_000).toBe(true);
  }
});
