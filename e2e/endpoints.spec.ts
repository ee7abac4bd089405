import { expect, test } from "@playwright/test";
import { formatValue } from "@/lib/format";
import { api, flame, PRODUCT, RANGE, waitForShop } from "./shop";

test.beforeAll(({ request }) => waitForShop(request));

test("two ticked endpoints: the graph holds exactly what their rows add up to", async ({ page, request }) => {
  const { endpoints, unattributed } = await api(request).endpoints("service=gateway");
  const cpuOf = (name: string) => endpoints.find((row) => row.endpoint === name)?.cpuNs ?? Number.NaN;
  const all = endpoints.reduce((sum, row) => sum + row.cpuNs, unattributed.cpuNs);

  await page.goto(`/endpoints?service=gateway&${RANGE}`);
  const drawn = flame(page);
  await expect(drawn.total).toHaveText(formatValue(all, "nanoseconds"));
  await expect(drawn.frame(/GetProduct/).first()).toBeAttached();

  await page.getByRole("checkbox", { name: "GET /search" }).click();
  await expect(drawn.total).toHaveText(formatValue(cpuOf("GET /search"), "nanoseconds"));
  await expect(drawn.frame(/GetProduct/)).toHaveCount(0);

  await page.getByRole("checkbox", { name: "POST /orders" }).click();
  const both = cpuOf("GET /search") + cpuOf("POST /orders");
  await expect(drawn.total).toHaveText(formatValue(both, "nanoseconds"));
  await expect(drawn.frame(/CreateOrder/).first()).toBeAttached();

  const copy = await page.context().newPage();
  await copy.goto(page.url());
  await expect(copy.getByRole("checkbox", { name: "POST /orders" })).toBeChecked();
  await expect(flame(copy).total).toHaveText(formatValue(both, "nanoseconds"));
});

test("the table is the API's, with unattributed CPU as its own row and the service's total", async ({
  page,
  request,
}) => {
  const { endpoints, unattributed } = await api(request).endpoints("service=gateway");
  await page.goto(`/endpoints?service=gateway&${RANGE}`);
  const table = page.getByRole("table", { name: "Endpoints" });
  for (const row of endpoints) {
    const line = table.getByRole("row").filter({ hasText: row.endpoint }).first();
    await expect(line).toContainText(formatValue(row.cpuNs, "nanoseconds"));
  }
  await expect(table.getByRole("row").filter({ hasText: "Unattributed" })).toContainText(
    formatValue(unattributed.cpuNs, "nanoseconds"),
  );
  const total = endpoints.reduce((sum, row) => sum + row.cpuNs, unattributed.cpuNs);
  await expect(table.getByRole("row").filter({ hasText: "Total" })).toContainText(
    formatValue(total, "nanoseconds"),
  );
  const whole = await api(request).flamegraph(`service=gateway&${RANGE}`);
  expect(whole.total).toBe(total);
});

test("an endpoint leads to its traces", async ({ page, request }) => {
  await page.goto(`/endpoints?service=gateway&${RANGE}`);
  await page.getByRole("link", { name: `Traces of ${PRODUCT}` }).click();
  const { total } = await api(request).traces(
    `service=gateway&endpoint=${encodeURIComponent(PRODUCT)}&limit=1`,
  );
  await expect(page.getByRole("table", { name: "Traces", exact: true })).toHaveAttribute(
    "aria-rowcount",
    String(total + 1),
  );
});
