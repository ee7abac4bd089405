import { expect, test } from "@playwright/test";
import { formatCounted, formatDuration } from "@/lib/format";
import { api, RANGE, waitForShop } from "./shop";

test.beforeAll(({ request }) => waitForShop(request));

test("every column sorts on the server, both ways", async ({ page, request }) => {
  await page.goto(`/traces?${RANGE}`);
  for (const [column, sort] of [
    ["CPU", "cpu"],
    ["CPU/wall", "cpu_ratio"],
    ["Samples", "samples"],
    ["Spans", "spans"],
    ["Start", "start"],
  ] as const) {
    const header = page.getByRole("columnheader", { name: column, exact: true });
    for (const prefix of ["-", ""]) {
      await expect(async () => {
        await header.getByRole("button").click();
        await expect(header).toHaveAttribute("aria-sort", prefix === "-" ? "descending" : "ascending", {
          timeout: 1_000,
        });
      }).toPass();
      const { traces } = await api(request).traces(`sort=${prefix}${sort}&limit=1`);
      await expect(page.locator('a[data-row="0"]')).toHaveAttribute(
        "href",
        new RegExp(traces[0]?.traceId ?? "none"),
      );
    }
  }
});

test("filters narrow the list to what the API says, and the heat map counts the same", async ({
  page,
  request,
}) => {
  await page.goto(`/traces?${RANGE}`);
  await page.getByRole("checkbox", { name: "Errors" }).click();
  const failed = await api(request).traces("status=error&limit=1");
  expect(failed.total).toBeGreaterThan(0);
  await expect(page.getByText(formatCounted(failed.total, "trace"), { exact: true })).toBeVisible();
  await expect(page.getByRole("figure", { name: /start time and duration/ })).toContainText(
    formatCounted(failed.total, "trace"),
  );

  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByRole("textbox", { name: "Shortest duration" }).fill("200ms");
  await page.keyboard.press("Enter");
  const slow = await api(request).traces("min_duration=200ms&limit=1");
  await expect(page.getByText(formatCounted(slow.total, "trace"), { exact: true })).toBeVisible();

  await page.getByRole("textbox", { name: "Shortest duration" }).fill("soon");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("textbox", { name: "Shortest duration" })).toHaveAttribute(
    "aria-invalid",
    "true",
  );
});

test("brushing the heat map lists only those traces", async ({ page }) => {
  await page.goto(`/traces?${RANGE}`);
  const rows = page.getByRole("table", { name: "Traces", exact: true });
  await expect(rows.locator('a[data-row="0"]')).toBeVisible();
  const all = Number(await rows.getAttribute("aria-rowcount"));
  const figure = page.getByRole("figure", { name: /start time and duration/ });
  const plot = await figure.locator("svg").boundingBox();
  if (plot === null) throw new Error("The heat map is not drawn.");
  await page.mouse.move(plot.x + plot.width * 0.5, plot.y + 2);
  await page.mouse.down();
  await page.mouse.move(plot.x + plot.width - 2, plot.y + plot.height * 0.4, { steps: 4 });
  await page.mouse.up();
  await expect(page).toHaveURL(/min_duration=/);
  await expect.poll(async () => Number(await rows.getAttribute("aria-rowcount"))).toBeLessThan(all);
  await page.goBack();
  await expect.poll(async () => Number(await rows.getAttribute("aria-rowcount"))).toBe(all);
});

test("scrolling loads on: row 150 of the list is the API's 150th", async ({ page, request }) => {
  const { traces } = await api(request).traces("sort=-duration&limit=200");
  await page.goto(`/traces?${RANGE}&sort=-duration`);
  const wanted = page.locator('a[data-row="150"]');
  await expect(page.locator('a[data-row="0"]')).toBeVisible();
  await expect(async () => {
    await page.getByRole("table", { name: "Traces", exact: true }).hover();
    await page.mouse.wheel(0, 900);
    await expect(wanted).toBeAttached({ timeout: 500 });
  }).toPass();
  await expect(wanted).toHaveAttribute("href", new RegExp(traces[150]?.traceId ?? "none"));
});

test("on a phone, what the list is sorted by is shown", async ({ page, request }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`/traces?${RANGE}`);
  await expect(page.getByRole("columnheader", { name: "CPU", exact: true })).toBeHidden();
  const { traces } = await api(request).traces("sort=-cpu&limit=1");
  await page.goto(`/traces?${RANGE}&sort=-cpu`);
  await expect(page.getByRole("columnheader", { name: "CPU", exact: true })).toBeVisible();
  const first = page.getByRole("row").filter({ has: page.locator('a[data-row="0"]') });
  await expect(first.getByText(formatDuration(traces[0]?.cpuNs), { exact: true })).toBeVisible();
});

test("text finds attributes, exactly by key=value", async ({ page, request }) => {
  const found = await api(request).traces(`q=${encodeURIComponent("http.route=/search")}&limit=1`);
  await page.goto(`/traces?${RANGE}`);
  await page.getByLabel("Text in span names and attributes").fill("http.route=/search");
  await page.keyboard.press("Enter");
  await expect(page.getByText(formatCounted(found.total, "trace"), { exact: true })).toBeVisible();
  await page.getByLabel("Text in span names and attributes").fill("nothing has this in it");
  await page.keyboard.press("Enter");
  await expect(page.getByText("No trace matches these filters")).toBeVisible();
});
