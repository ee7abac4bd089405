import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { api, RANGE, waitForShop } from "./shop";

const READS = [
  `services?${RANGE}`,
  `traces?${RANGE}`,
  `traces/heatmap?${RANGE}`,
  `traces/${"ab".repeat(16)}`,
  `endpoints?service=gateway&${RANGE}`,
  `flamegraph?service=gateway&${RANGE}`,
  `functions?service=gateway&${RANGE}`,
  `series?service=gateway&${RANGE}`,
  `profiles?service=gateway&${RANGE}`,
];

test("a frozen engine: readers and senders are told to come back, and can within 10 s", async ({
  page,
  request,
}) => {
  test.skip(process.env.HOTSPAN_E2E_REUSE !== undefined, "the folder of a server that is up is not known");
  await waitForShop(request);
  const file = join(process.env.HOTSPAN_E2E_DATA ?? "", "store", "engine.pid");
  const { pid } = JSON.parse(readFileSync(file, "utf8")) as { pid: number };
  const start = BigInt(Date.now() - 3 * 3_600_000) * 1_000_000n; // outside of what the other tests look at
  const span = {
    traceId: "fe".repeat(16),
    spanId: "fe".repeat(8),
    name: "while away",
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + 1_000_000n),
  };
  const send = () =>
    request.post("/v1/traces", { data: { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] } });

  const struck = Date.now();
  process.kill(pid, "SIGSTOP");
  const [sent, ...read] = await Promise.all([
    send(),
    ...READS.map((path) => request.get(`/api/v1/${path}`, { timeout: 30_000 })),
  ]);
  for (const answer of read) {
    expect([answer.status(), answer.headers()["retry-after"]], answer.url()).toEqual([503, "1"]);
    expect((await answer.json()).error.code).toBe("unavailable");
  }
  // A sender is kept waiting for as long as it pays, and else told to send again.
  expect(sent.status() === 200 || Number(sent.headers()["retry-after"]) > 0).toBe(true);
  await expect
    .poll(async () => (await request.get("/api/v1/health")).status(), { intervals: [100], timeout: 15_000 })
    .toBe(200);
  expect(Date.now() - struck).toBeLessThan(10_000);

  expect((await send()).status()).toBe(200);
  expect((await api(request).trace(span.traceId)).spans.length).toBe(1); // stored once, whatever became of the first
  await page.goto(`/?${RANGE}`);
  await expect(page.getByRole("link", { name: /gateway/ }).first()).toBeVisible();
});
