import { expect, test } from "@playwright/test";
import { RANGE, slowestProduct, waitForShop } from "./shop";

test.beforeAll(({ request }) => waitForShop(request));

test("pages run no script but their own, and nothing on them breaks the policy that says so", async ({
  page,
  request,
}) => {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  const nonces = new Set<string>();
  const { traceId } = await slowestProduct(request);
  for (const path of ["/", `/traces?${RANGE}`, `/traces/${traceId}`, `/endpoints?service=gateway&${RANGE}`]) {
    const answer = await page.goto(path);
    const headers = answer?.headers() ?? {};
    const [, scripts = ""] = /script-src ([^;]*)/.exec(headers["content-security-policy"] ?? "") ?? [];
    expect(scripts, path).toMatch(/^'self' 'nonce-[\w+/=]{24}'$/);
    nonces.add(scripts);
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
    });
    expect(headers).not.toHaveProperty("x-powered-by");
    await page.waitForLoadState("networkidle");
  }
  expect(nonces.size).toBe(4);
  expect(complaints).toEqual([]);

  // The policy is not only said: a script that somebody got into the page does not run.
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.intruder = true";
    document.body.append(script);
  });
  expect(await page.evaluate(() => "intruder" in window)).toBe(false);
});

test("what the API answers is no page", async ({ request }) => {
  for (const path of ["/api/v1/services", "/api/v1/flamegraph?type=", "/api/v1/profiles?trace_id=x"]) {
    const headers = (await request.get(path)).headers();
    expect(headers, path).toMatchObject({
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    });
  }
});

test("an upload of 12 MB through the dashboard's port arrives whole", async ({ request }) => {
  const start = BigInt(Date.now() - 3 * 3_600_000) * 1_000_000n; // outside of what the other tests look at
  const traceId = "12".repeat(16);
  const span = (index: number) => ({
    traceId,
    spanId: (index + 1).toString(16).padStart(16, "0"),
    name: "upload",
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + 1_000n),
    attributes: [{ key: "filler", value: { stringValue: "x".repeat(12_000) } }],
  });
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "uploader" } }] };
  const spans = Array.from({ length: 1_000 }, (_, index) => span(index));
  const sent = await request.post("/v1/traces", {
    data: { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] },
  });
  expect([sent.status(), await sent.text()]).toEqual([200, "{}"]);
  const stored = await (await request.get(`/api/v1/traces/${traceId}`)).json();
  expect(stored.spans.length).toBe(1_000);
});
