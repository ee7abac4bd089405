import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SampleSelector, UNATTRIBUTED } from "@/lib/correlation/selector";
import type { TraceId } from "@/lib/ids";
import { buildFlamegraph } from "@/lib/store/build-flamegraph";
import { queryRows } from "@/lib/store/clickhouse";
import { resolveSelector } from "@/lib/store/resolve-selector";
import type { SeriesKey } from "@/lib/store/series-cells";
import { wholeMinutes } from "@/lib/store/series-minutes";
import { sumSeries } from "@/lib/store/sum-series";
import { insertFolded, insertTestSpan, TEST_TIME } from "@/lib/store/test-insert-folded";
import { startTestStore, type TestStore } from "@/lib/store/test-store";
import { unixNano } from "@/lib/units";

const SECOND = 1_000_000_000n;
const at = (seconds: number) => unixNano(TEST_TIME + BigInt(Math.round(seconds * 1_000)) * (SECOND / 1_000n));

function select(fields: Partial<SampleSelector> = {}): SampleSelector {
  return { type: "cpu", scope: "span", endpoints: [], labels: new Map(), ...fields };
}

/** `12 . 3`: values in samples of 10 ms, a dot where nothing is. */
async function draw(fields: Partial<SampleSelector>, by: SeriesKey, stepSeconds: number): Promise<string> {
  const { series } = await sumSeries(select(fields), { by, stepNs: stepSeconds * 1e9 });
  return series
    .map(
      ({ key, points }) =>
        `${key}: ${points.map(([, value]) => (value === 0 ? "." : value / 1e7)).join(" ")}`,
    )
    .join("\n");
}

let store: TestStore;
beforeAll(async () => {
  store = await startTestStore();
  const known = "b".repeat(32);
  await insertTestSpan({ traceId: known, spanId: "1".repeat(16), endpoint: "/b" });
  for (const [second, endpoint, traceId, count] of [
    [10, "/a", "", 1],
    [50, "/b", "", 2],
    [70, "", known, 3], // /b by its trace
    [110, "/a", "", 4],
    [130, "", "", 5],
    [250, "/a", "", 6],
  ] as const) {
    await insertFolded({ time: at(second), endpoint, traceId, stacks: `main;work ${count}` });
  }
  await insertFolded({ service: "stock", time: at(20), endpoint: "/s", stacks: "main;stock 7" });
});
afterAll(() => store.stop());

describe("series", () => {
  test("by endpoint, minute by minute", async () => {
    expect(await draw({ service: "shop", from: at(0), to: at(300) }, "endpoint", 60)).toBe(`/a: 1 4 . . 6
(unattributed): . . 5 . .
/b: 2 3 . . .`);
  });

  test("a window belongs to the step in which it starts; a range cuts windows, not steps", async () => {
    expect(await draw({ service: "shop", from: at(45), to: at(131) }, "none", 10)).toBe(
      "total: . 2 . 3 . . . 4 . 5",
    );
  });

  test("by service, ending where the samples end", async () => {
    expect(await draw({}, "service", 120)).toBe("shop: 10 5 6\nstock: 7 . .");
  });

  test("of a trace and of chosen endpoints", async () => {
    expect(await draw({ traceId: "b".repeat(32) as TraceId }, "endpoint", 60)).toBe("/b: 3");
    const fields = { service: "shop", endpoints: ["/b", UNATTRIBUTED], from: at(0), to: at(180) };
    expect(await draw(fields, "endpoint", 60)).toBe("(unattributed): . . 5\n/b: 2 3 .");
  });

  test("sums are the flame graph's total, whatever the step and wherever the range is cut", async () => {
    for (const service of ["shop", undefined]) {
      for (const [from, to] of [
        [0, 300],
        [9.5, 110.001],
        [65, 115],
        [71, 109],
      ] as const) {
        for (const endpoints of [[], ["/b", UNATTRIBUTED]]) {
          const fields = {
            ...(service === undefined ? {} : { service }),
            endpoints,
            from: at(from),
            to: at(to),
          };
          const { total } = await buildFlamegraph(select(fields), { maxNodes: 1 });
          for (const stepNs of [7e9, 60e9]) {
            for (const by of ["endpoint", "none"] as const) {
              const { series } = await sumSeries(select(fields), { by, stepNs });
              const sum = series.flatMap(({ points }) => points).reduce((all, [, value]) => all + value, 0);
              expect(sum, JSON.stringify({ service, from, to, endpoints, stepNs, by })).toBe(total);
            }
          }
        }
      }
    }
  });

  test("more endpoints than lines: the rest is one, and nothing is lost", async () => {
    for (let i = 0; i < 25; i++) {
      await insertFolded({ service: "many", endpoint: `/${i}`, time: at(i * 60), stacks: `main ${i + 1}` });
    }
    const { series } = await sumSeries(select({ service: "many" }), { by: "endpoint" });
    expect(series.map(({ key }) => key)).toEqual([
      ...Array.from({ length: 19 }, (_, i) => `/${24 - i}`),
      "(other)",
    ]);
    const sum = series.flatMap(({ points }) => points).reduce((all, [, value]) => all + value, 0);
    expect(sum).toBe(325 * 1e7);
  });

  test("a step that would give more than 500 points is refused with the least that does not", async () => {
    const fields = select({ from: at(0), to: at(5_000) });
    await expect(sumSeries(fields, { by: "none", stepNs: 1e9 })).rejects.toThrow('"step" is at least 11s');
    expect(
      (await sumSeries(fields, { by: "none", stepNs: 11e9 })).series[0]?.points.length,
    ).toBeLessThanOrEqual(500);
  });

  test("whole minutes come out of the roll-up, not out of the samples", async () => {
    const selector = select({ service: "shop", from: at(0), to: at(300) });
    const minutes = wholeMinutes((await resolveSelector(selector)).selector, 60e9);
    const plan = await queryRows(`EXPLAIN projections = 1 ${minutes?.sql}`, { ...minutes?.params });
    expect(plan.map((row) => row.explain).join("\n")).toContain("by_minute");
  });
});
