import { randomBytes } from "node:crypto";
import { type APIRequestContext, expect, test } from "@playwright/test";
import { api } from "./shop";

/** Chosen by whoever sends: markup, a direction override, a name without end. */
const MARKUP = "<img src=x onerror=alert(1)> \u202egnp.exe\u202c";
const ENDLESS = "N".repeat(2_000);

async function sendSpan(request: APIRequestContext, name: string, huge: string) {
  const traceId = randomBytes(16).toString("hex");
  const spanId = randomBytes(8).toString("hex");
  const start = BigInt(Date.now() - 5_000) * 1_000_000n;
  const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const sent = await request.post("/v1/traces", {
    data: {
      resourceSpans: [
        {
          resource: { attributes: [text("service.name", "hostile")] },
          scopeSpans: [
            {
              spans: [
                {
                  traceId,
                  spanId,
                  name,
                  kind: 2,
                  startTimeUnixNano: String(start),
                  endTimeUnixNano: String(start + 5_000_000n),
                  attributes: [text("huge", huge), text("<b>key</b>", MARKUP)],
                },
              ],
            },
          ],
        },
      ],
    },
  });
  expect(sent.status()).toBe(200);
  await expect.poll(async () => (await request.get(`/api/v1/traces/${traceId}`)).status()).toBe(200);
  return { traceId, spanId };
}

test("what senders write is text, and takes no more room than it is given", async ({ page, request }) => {
  let asked = false;
  page.on("dialog", (dialog) => {
    asked = true;
    void dialog.dismiss();
  });
  const { traceId, spanId } = await sendSpan(request, MARKUP, "H".repeat(40_000));
  await page.goto(`/traces/${traceId}?span=${spanId}`);
  const detail = page.getByRole("region", { name: /^Span / });
  await expect(detail.getByText("<b>key</b>")).toBeVisible();
  await expect(page.locator("main img")).toHaveCount(0);
  await detail.getByRole("button", { name: "Show all 40,000 characters" }).click();
  await expect(detail.getByRole("button", { name: "Show less" })).toBeAttached();
  expect(asked).toBe(false);
});

test("a name without end leaves the trace in sight", async ({ page, request }) => {
  const { traceId, spanId } = await sendSpan(request, ENDLESS, "");
  await page.goto(`/traces/${traceId}?span=${spanId}`);
  await expect(page.getByRole("searchbox", { name: "Filter the attributes" })).toBeInViewport();
  const stored = await api(request).trace(traceId);
  await expect(page.getByRole("heading", { level: 1 })).toHaveAttribute("title", stored.spans[0]?.name ?? "");
});
