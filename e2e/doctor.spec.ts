/** The doctor's page over the recorded shop, which is well, and over services that are not, sent through the public doors. */
import { expect, type Page, test } from "@playwright/test";
import { type DoctorResponse, doctorResponse } from "@/lib/api/doctor-contract";
import { nameOfReason } from "@/lib/diagnosis/reason";
import { rightLabels, type Scene, sendScene, type TestRequest } from "@/lib/diagnosis/test-scene";
import { formatCountExact, formatPercent } from "@/lib/format";
import { api, RANGE, waitForShop } from "./shop";

/** Hours ago nobody else was there. */
const AT = Math.floor(Date.now() / 1_000 - 5 * 3_600) * 1_000;
const OWN_TIME = `from=${AT - 60_000}000000&to=${AT + 300_000}000000`;
const PAGE_TIME = `from=${new Date(AT - 60_000).toISOString()}&to=${new Date(AT + 300_000).toISOString()}`;

const ILL: readonly Omit<Scene, "atMillis">[] = [
  { service: "bare", labels: () => ({}) },
  { service: "half", hasSpans: ({ number }) => number < 5 },
  { service: "stock-svc", spanService: "stock", labels: () => ({}), language: "nodejs" },
  { service: "dim", isProfiled: false },
  { service: "flat", labels: (request) => rightLabels(request, "entry") },
  { service: "odd", labels: ({ traceId }) => ({ trace_id: BigInt(`0x${traceId}`).toString() }) },
];
const sent = new Map<string, TestRequest[]>();

test.beforeAll(async ({ baseURL, request }) => {
  await waitForShop(request);
  for (const scene of ILL)
    sent.set(scene.service, await sendScene(baseURL ?? "", { ...scene, atMillis: AT }));
});

async function ask(page: Page, query: string): Promise<DoctorResponse> {
  const response = await page.request.get(`/api/v1/doctor?${query}`);
  expect(response.status()).toBe(200);
  return doctorResponse.parse(await response.json());
}

test("the recorded shop is well: nothing to mend, and the numbers are the interface's", async ({ page }) => {
  const answer = await ask(page, RANGE);
  expect(answer.findings.filter(({ severity }) => severity !== "note")).toEqual([]);
  expect(answer.services.length).toBeGreaterThan(1);
  const { endpoints, unattributed } = await api(page.request).endpoints("service=gateway&type=samples");
  const samples = endpoints.reduce((sum, row) => sum + row.sampleCount, unattributed.sampleCount);
  expect(answer.services.find(({ service }) => service === "gateway")?.samples).toBe(samples);

  await page.goto(`/doctor?${RANGE}`);
  await expect(page.getByRole("status").filter({ hasText: "abelled sample" })).toBeVisible();
  const table = page.getByRole("table", { name: "Services" });
  for (const { labelled, met, samples, service } of answer.services) {
    const row = table.getByRole("row").filter({ hasText: service }).first();
    await expect(row).toContainText("Healthy");
    await expect(row).toContainText(formatPercent(labelled / samples));
    await expect(row).toContainText(formatPercent(met / labelled));
  }
});

test("each fault has its count, its traces and what to paste", async ({ page }) => {
  const answer = await ask(page, OWN_TIME);
  expect(answer.findings.map(({ code, service }) => `${service} ${code}`).sort()).toEqual([
    "bare labels-missing",
    "dim no-window",
    "flat entry-only",
    "half trace-not-sampled",
    "odd ids-unreadable",
    "stock-svc names-differ",
  ]);
  await page.goto(`/doctor?${PAGE_TIME}`);
  const cards = page.getByRole("region", { name: "To mend" }).getByRole("article");
  await expect(cards).toHaveCount(answer.findings.length);
  for (const [index, finding] of answer.findings.entries()) {
    const card = cards.nth(index);
    await expect(card).toContainText(nameOfReason(finding.code));
    await expect(card).toContainText(finding.sentence);
    await expect(card).toContainText(
      `${formatCountExact(finding.count)} of ${formatCountExact(finding.of)} ${finding.unit}`,
    );
    for (const traceId of finding.traceIds) await expect(card.locator(`a[href*="${traceId}"]`)).toBeVisible();
    await expect(card.getByRole("list", { name: "How to fix" })).toContainText(finding.fixes[0]?.text ?? "");
  }
  await expect(page.getByRole("status").filter({ hasText: "abelled sample" })).toHaveCount(0);
});

test("an empty flame graph names the reason and leads to what mends it", async ({ page }) => {
  test.slow(); // four traces, two pages each
  for (const [service, code] of [
    ["bare", "labels-missing"],
    ["dim", "no-window"],
    ["odd", "ids-unreadable"],
    ["stock-svc", "names-differ"],
  ] as const) {
    const traceId = sent.get(service)?.[0]?.traceId ?? "";
    const { emptyCode, emptyReason } = await api(page.request).flamegraph(`trace_id=${traceId}`);
    expect(emptyCode).toBe(code);
    await page.goto(`/traces/${traceId}`);
    const panel = page.getByRole("region", { name: "CPU of this trace" });
    await expect(panel).toContainText(nameOfReason(code));
    await expect(panel).toContainText(emptyReason ?? "no reason");
    await panel.getByRole("link", { name: "How to fix" }).click();
    await expect(page).toHaveURL(new RegExp(`/doctor\\?trace_id=${traceId}.*#${code}$`));
    await expect(page.locator(`#${code}`)).toBeInViewport();
    await expect(page.locator(`#${code}`)).toBeFocused();
    await expect(page.getByRole("region", { name: "Trace" })).toContainText(emptyReason ?? "no reason");
  }
});

test("service and range stand in the URL; one service shows its own alone", async ({ page }) => {
  await page.goto(`/doctor?${PAGE_TIME}`);
  await page.getByRole("table", { name: "Services" }).getByRole("link", { name: "half" }).click();
  await expect(page).toHaveURL(/service=half/);
  const cards = page.getByRole("article");
  await expect(cards).toHaveCount(1);
  await expect(cards).toContainText(nameOfReason("trace-not-sampled"));
  const copy = await page.context().newPage();
  await copy.goto(page.url());
  await expect(copy.getByRole("article")).toHaveCount(1);
  await expect(copy.getByRole("article")).toContainText("75 of 150 labelled samples");
});

test("a range without data and an engine that is away are said", async ({ page }) => {
  await page.goto("/doctor?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z");
  await expect(page.getByRole("heading", { name: "No spans or samples in this range" })).toBeVisible();
  await page.route("**/api/v1/doctor?*", (route) =>
    route.fulfill({ status: 503, json: { error: { code: "invalid-input", message: "The store rests." } } }),
  );
  await page.goto(`/doctor?${PAGE_TIME}`);
  await expect(page.getByRole("alert").filter({ hasText: "The store rests." })).toBeVisible();
});
