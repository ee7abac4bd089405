import { expect, test } from "@playwright/test";
import { capturesResponse, targetsResponse } from "@/lib/api/targets-contract";
import { metricsText, RECORDED, startTestTarget, type TestTarget } from "@/lib/collector/test-target";
import { decodePprof } from "@/lib/ingest/pprof";
import { encodePprof } from "@/lib/profile/encode-pprof";
import { toPprofSource } from "@/lib/profile/profile-source";
import { unixNano, unixNanoFromMillis } from "@/lib/units";
import { flame } from "./shop";

const SERVICE = "checkout-scraped";

let go: TestTarget;
let isBusy: boolean;
test.beforeAll(async () => {
  go = await startTestTarget();
  isBusy = false;
  // What Go was recorded to say, as if it were said now.
  go.script.set("/debug/pprof/profile", (response) => {
    const { profile } = decodePprof(RECORDED.cpu, { service: SERVICE, receivedUnixNano: unixNano(1n) });
    response.end(
      encodePprof(toPprofSource({ ...profile, startUnixNano: unixNanoFromMillis(Date.now() - 1_000) })),
    );
  });
  let cpuSeconds = 0;
  let readAt = Date.now();
  go.script.set("/metrics", (response) => {
    cpuSeconds += ((Date.now() - readAt) / 1_000) * 2 * (isBusy ? 0.91 : 0.1);
    readAt = Date.now();
    response.end(metricsText(cpuSeconds));
  });
});
test.afterAll(async ({ request }) => {
  const { targets } = targetsResponse.parse(await (await request.get("/api/v1/targets")).json());
  for (const { id, service } of targets)
    if (service === SERVICE) await request.delete(`/api/v1/targets/${id}`);
  await go.stop();
});

test("a target is added in the browser; its profiles arrive, and under load a capture that says why", async ({
  page,
  request,
}) => {
  test.setTimeout(120_000);
  await page.goto("/settings");
  await page.getByRole("button", { name: "Add target" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a target" });
  await expect(dialog.getByLabel("Address")).toBeFocused();

  // A wrong number is told beside its field, a refused address in the words of the guard.
  await dialog.getByLabel("Address").fill("http://169.254.169.254/");
  await dialog.getByLabel("Service").fill(SERVICE);
  await dialog.getByLabel("Length").fill("90");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog.getByText("Length is at most 60.")).toBeVisible();
  await dialog.getByLabel("Length").fill("1");
  await dialog.getByRole("button", { name: "Test connection" }).click();
  await expect(dialog.getByText("169.254.169.254 is a link-local address")).toBeVisible();

  await dialog.getByLabel("Address").fill(`${go.url}/debug/pprof/`);
  await dialog.getByLabel("Every", { exact: true }).fill("10");
  await dialog.getByLabel("Look every").fill("5");
  await dialog.getByLabel("For", { exact: true }).fill("1");
  await dialog.getByRole("button", { name: "Test connection" }).click();
  await expect(dialog.getByText("Found /debug/pprof.")).toBeVisible();
  await expect(dialog.getByText("Read from /metrics: CPU of 2 cores")).toBeVisible();
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog).toBeHidden();

  const row = page.getByRole("table", { name: "Targets" }).getByRole("row").filter({ hasText: SERVICE });
  await expect(row).toContainText(go.url);
  await expect(row).toContainText(/(cpu|heap|goroutine|mutex|block), (now|\d+ s ago)/, { timeout: 40_000 });
  await expect(row).toContainText("10 %", { timeout: 20_000 });

  isBusy = true;
  const why = page.getByRole("link", {
    name: /^CPU at [\d.]+ % of 2 cores \(GOMAXPROCS\), above 70 %; read from \/metrics\.$/,
  });
  await expect(why).toBeVisible({ timeout: 40_000 });
  isBusy = false;

  const answer = await request.get(`/api/v1/captures?service=${SERVICE}`);
  const [taken] = capturesResponse.parse(await answer.json()).captures;
  expect(taken).toMatchObject({ state: "done", trigger: "cpu", seconds: 1 });

  await why.click();
  await expect(page).toHaveURL(`/captures/${taken?.id}`);
  await expect(page.getByText(taken?.reason ?? "none")).toBeVisible();
  await expect(flame(page).tree).toBeVisible();
  const { profile } = decodePprof(RECORDED.cpu, { service: SERVICE, receivedUnixNano: unixNano(1n) });
  const samples = profile.samples.counts.reduce((sum, count) => sum + count, 0);
  await expect(page.getByText(`${samples} samples`)).toBeVisible();
  await page.getByRole("radio", { name: "Goroutines" }).click();
  await expect(page.getByRole("heading", { name: "Goroutines" })).toBeVisible();

  // The capture is a mark over the service's CPU, for the keyboard too.
  await page.goto(`/endpoints?service=${SERVICE}&from=now-15m`);
  const mark = page.getByRole("link", { name: `: ${taken?.reason}` });
  await mark.focus();
  await expect(page.getByRole("tooltip", { name: taken?.reason ?? "none" })).toBeAttached();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(`/captures/${taken?.id}`);
});

test("a target is paused, edited, profiled by hand and removed", async ({ page, request }) => {
  const url = `http://127.0.0.1:${go.port}/other`;
  const body = { url, service: `${SERVICE}-b`, cpu: { on: false }, adaptive: { on: false } };
  expect((await request.post("/api/v1/targets", { data: body })).status()).toBe(201);
  await page.goto("/settings");
  const row = page
    .getByRole("table", { name: "Targets" })
    .getByRole("row")
    .filter({ hasText: `${SERVICE}-b` });
  await row.getByRole("button", { name: "Pause" }).click();
  await expect(row).toContainText("Paused");
  await row.getByRole("button", { name: "Edit" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByLabel("Address")).toHaveValue(url);
  await dialog.getByLabel("Labels of its samples").fill("region=eu");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();
  const { targets } = targetsResponse.parse(await (await request.get("/api/v1/targets")).json());
  expect(targets.find(({ service }) => service === body.service)).toMatchObject({
    paused: true,
    labels: { region: "eu" },
    cpu: { on: false },
  });
  await row.getByRole("button", { name: "Profile" }).click();
  await expect(page.getByText("Asked for by hand.").first()).toBeVisible();
  await row.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await expect(row).toHaveCount(0);
});

test("the settings fit a phone", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/settings");
  await expect(page.getByRole("link", { name: "Collector" })).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});
