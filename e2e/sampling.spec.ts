/** Sampling as its user meets it: turned on in the browser, what it drops stays counted, turned off again. */
import { randomBytes } from "node:crypto";
import { type APIRequestContext, expect, type Page, test } from "@playwright/test";
import { healthResponse } from "@/lib/api/contract";
import { DEFAULT_SAMPLING, samplingResponse } from "@/lib/api/sampling-contract";
import { formatBytes, formatCountExact, formatValue } from "@/lib/format";
import { api } from "./shop";

// A run of the tests against a server that is up must bring something new.
const SERVICE = `sampled-${randomBytes(4).toString("hex")}`;
const REQUESTS = 40;
const ERRORS = 4;

async function sendRequests(request: APIRequestContext, requests: number, errors: number): Promise<string[]> {
  const start = BigInt(Date.now() - 5_000) * 1_000_000n;
  const spans = Array.from({ length: requests }, (_, index) => ({
    traceId: randomBytes(16).toString("hex"),
    spanId: randomBytes(8).toString("hex"),
    name: "GET /orders",
    kind: 2,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + 50_000_000n),
    status: { code: index < errors ? 2 : 0 },
  }));
  const resource = { attributes: [{ key: "service.name", value: { stringValue: SERVICE } }] };
  const sent = await request.post("/v1/traces", {
    data: { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] },
  });
  expect(sent.status()).toBe(200);
  return spans.map(({ traceId }) => traceId);
}

async function health(request: APIRequestContext) {
  const { intake } = healthResponse.parse(await (await request.get("/api/v1/health")).json());
  if (intake == null) throw new Error("The health says nothing of what was received.");
  return intake;
}

async function endpointOf(request: APIRequestContext) {
  const { endpoints } = await api(request).endpoints(`service=${SERVICE}`);
  return endpoints.find(({ endpoint }) => endpoint === "GET /orders");
}

async function save(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved: in force within seconds.")).toBeVisible();
}

test.afterAll(async ({ request }) => {
  await request.put("/api/v1/sampling", { data: DEFAULT_SAMPLING });
});

test("turned on in the browser: errors are kept, the rest is dropped and stays counted", async ({
  page,
  request,
}) => {
  test.slow(); // a quiet period passes
  await page.goto("/settings/sampling");
  const share = page.getByLabel("Share of the rest, %");
  await expect(share).toBeDisabled();
  await page.getByRole("checkbox", { name: "Sample traces" }).click();
  await share.fill("0");
  await page.getByLabel("Quiet period, s").fill("4");
  await expect(page.getByText("The quiet period is 5 to 600 whole seconds.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Save" })).toBeDisabled();
  await page.getByLabel("Quiet period, s").fill("5");
  await save(page);
  const { rules } = samplingResponse.parse(await (await request.get("/api/v1/sampling")).json());
  expect(rules).toEqual({ ...DEFAULT_SAMPLING, enabled: true, keepPercent: 0, quietSeconds: 5 });
  await expect.poll(async () => (await health(request)).sampling.isOn).toBe(true);

  const before = (await health(request)).sampling;
  const [first = ""] = await sendRequests(request, REQUESTS, ERRORS);
  // Not decided yet, it opens by its id all the same.
  await expect.poll(async () => (await request.get(`/api/v1/traces/${first}`)).status()).toBe(200);
  await expect
    .poll(() => endpointOf(request), { timeout: 40_000 })
    .toMatchObject({ requests: REQUESTS, keptRequests: ERRORS, errors: ERRORS });
  await expect
    .poll(async () => (await api(request).traces(`service=${SERVICE}`)).traces)
    .toHaveLength(ERRORS);

  await page.goto(`/endpoints?service=${SERVICE}&from=now-1h`);
  const row = page.getByRole("row").filter({ hasText: "GET /orders" });
  await expect(row.getByRole("cell").nth(1)).toHaveText(String(REQUESTS));
  await expect(row).toContainText("10 %");
  const p95 = formatValue((await endpointOf(request))?.p95Ns ?? null, "nanoseconds");
  await expect(row.getByText(`≈ ${p95}`).first()).toBeVisible();

  await page.goto("/settings/sampling");
  const dropped = page.getByRole("table", { name: "Requests of dropped traces by service" });
  await expect(dropped.getByRole("row").filter({ hasText: SERVICE }).getByRole("cell")).toHaveText([
    SERVICE,
    String(REQUESTS - ERRORS),
    "0",
  ]);
  const { sampling } = await health(request);
  expect(sampling.droppedTraces - before.droppedTraces).toBe(REQUESTS - ERRORS);
  expect(sampling.keptTraces - before.keptTraces).toBe(ERRORS);
});

test("turned off, everything is kept at once", async ({ page, request }) => {
  await page.goto("/settings/sampling");
  await page.getByRole("checkbox", { name: "Sample traces" }).click();
  await save(page);
  await expect.poll(async () => (await health(request)).sampling.isOn).toBe(false);
  const [id] = await sendRequests(request, 1, 0);
  await expect
    .poll(async () => (await api(request).traces(`service=${SERVICE}`)).traces.map(({ traceId }) => traceId))
    .toContain(id);
});

test("the numbers of the health page are the interface's", async ({ page, request }) => {
  const broken = await request.post("/v1/traces", {
    headers: { "content-type": "application/json" },
    data: Buffer.from("{"),
  });
  expect(broken.status()).toBe(400);
  await page.goto("/settings/health");
  // What others send meanwhile is counted too: the page asks every five seconds.
  await expect(async () => {
    const { bytesHeld, profiles, queuedBatches, refusals, sampling, spans } = await health(request);
    const expected = [
      ["Spans stored", formatCountExact(spans.accepted)],
      ["Spans refused one by one", formatCountExact(spans.rejected)],
      ["Profiles stored", formatCountExact(profiles.accepted)],
      ["Traces kept by sampling", formatCountExact(sampling.keptTraces)],
      ["Traces dropped by sampling", formatCountExact(sampling.droppedTraces)],
      ["Spans of dropped traces", formatCountExact(sampling.droppedSpans)],
      ["Requests, of at most 10,000", formatCountExact(queuedBatches)],
      ["Memory held by requests", formatBytes(bytesHeld)],
    ];
    for (const [name = "", value = ""] of expected) {
      const definition = page.locator("dl > div").filter({ has: page.getByText(name, { exact: true }) });
      await expect(definition.getByRole("definition")).toHaveText(value, { timeout: 500 });
    }
    const rows = page.getByRole("table", { name: "Requests refused" }).locator("tbody tr");
    await expect(rows).toHaveCount(refusals.length, { timeout: 500 });
    for (const [index, { lastMessage, requests }] of refusals.entries()) {
      await expect(rows.nth(index)).toContainText(lastMessage, { timeout: 500 });
      await expect(rows.nth(index).getByRole("cell").nth(1)).toHaveText(formatCountExact(requests), {
        timeout: 500,
      });
    }
  }).toPass({ timeout: 30_000 });
});
