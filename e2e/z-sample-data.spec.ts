import { type APIRequestContext, expect, test } from "@playwright/test";
import { api, waitForShop } from "./shop";

const SHOP = ["gateway", "inventory", "pricing"];

async function serviceNames(request: APIRequestContext): Promise<string[]> {
  return (await api(request).services()).services.map(({ name }) => name).sort();
}

// Runs last: what it removes, the other tests read.
test("one button removes the sample data and nothing else", async ({ page, request }) => {
  await waitForShop(request);
  const id = "5e".repeat(16);
  const start = BigInt(Date.now() - 1_000) * 1_000_000n;
  const sent = await request.post("/v1/traces", {
    data: {
      resourceSpans: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: "mine" } }] },
          scopeSpans: [
            {
              spans: [
                {
                  traceId: id,
                  spanId: "5e".repeat(8),
                  name: "GET /mine",
                  kind: 2,
                  startTimeUnixNano: String(start),
                  endTimeUnixNano: String(start + 5_000_000n),
                },
              ],
            },
          ],
        },
      ],
    },
  });
  expect(sent.status()).toBe(200);

  await expect.poll(() => serviceNames(request)).toContain("mine");
  const own = (await serviceNames(request)).filter((name) => !SHOP.includes(name));
  await page.goto("/");
  await expect(page.getByText("sample data recorded from the demo shop")).toBeVisible();
  await expect(page.getByRole("link", { name: /gateway/ }).first()).toBeVisible();
  await page.getByRole("button", { name: "Remove sample data" }).click();
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await expect(page.getByText("sample data recorded from the demo shop")).toBeHidden({ timeout: 45_000 });
  await expect(page.getByRole("link", { name: /gateway/ })).toHaveCount(0);
  await expect(page.getByRole("link", { name: /mine/ }).first()).toBeVisible();

  expect(await serviceNames(request)).toEqual(own);
  const { traces } = await api(request).traces("limit=500");
  expect(traces.map(({ traceId }) => traceId)).toContain(id);
  expect(traces.filter(({ rootService }) => !own.includes(rootService))).toEqual([]);
  for (const service of SHOP) {
    expect((await api(request).flamegraph(`from=now-1h&service=${service}`)).total).toBe(0);
  }
});
