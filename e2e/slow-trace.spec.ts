import { expect, test } from "@playwright/test";
import { formatDuration, formatValue } from "@/lib/format";
import { api, flame, PRODUCT, RANGE, slowestProduct, waitForShop } from "./shop";

test.beforeAll(({ request }) => waitForShop(request));

test("from the table of traces to the guilty lines of the slowest GetProduct", async ({ page, request }) => {
  const slowest = await slowestProduct(request);
  await page.goto(`/traces?${RANGE}`);
  await page.getByRole("button", { name: "Duration" }).click();
  await expect(page.getByRole("columnheader", { name: "Duration" })).toHaveAttribute(
    "aria-sort",
    "descending",
  );

  const row = page
    .getByRole("row")
    .filter({ has: page.getByRole("link", { name: PRODUCT }) })
    .first();
  await expect(row).toContainText(formatDuration(slowest.durationNs));
  await row.getByRole("link").click();

  await expect(page).toHaveURL(new RegExp(slowest.traceId));
  const drawn = flame(page);
  await expect(drawn.frame(/loadProductReviews/).first()).toBeVisible();
  await expect(drawn.frame(/modernc\.org\/sqlite/).first()).toBeAttached();
  await expect(drawn.frame(/database\/sql/).first()).toBeAttached();

  const answer = await api(request).flamegraph(`trace_id=${slowest.traceId}`);
  await expect(drawn.total).toHaveText(formatValue(answer.total, answer.unit));
  await expect(page.getByText(`${answer.sampleCount} samples at 100 Hz`)).toBeVisible();
});

test("the flame graph is asked for with the spans, not after them", async ({ page, request }) => {
  const { traceId } = await slowestProduct(request);
  await page.goto(`/traces?${RANGE}&sort=-duration`);
  let answerSpans: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    answerSpans = resolve;
  });
  await page.route(`**/api/v1/traces/${traceId}`, async (route) => {
    await held;
    await route.continue();
  });
  const graph = page.waitForRequest((asked) => asked.url().includes(`/flamegraph?trace_id=${traceId}`));
  await page.locator(`a[href*="${traceId}"]`).click();
  await graph;
  answerSpans();
  await expect(
    flame(page)
      .frame(/loadProductReviews/)
      .first(),
  ).toBeVisible();
});

test("a span narrows the flame graph to itself or to what is below it", async ({ page, request }) => {
  const { traceId } = await slowestProduct(request);
  const trace = await api(request).trace(traceId);
  const reviews = trace.spans.find((span) => span.name === "loadProductReviews");
  expect(reviews).toBeDefined();
  await page.goto(`/traces/${traceId}`);
  await page.getByRole("row", { name: /loadProductReviews/ }).click();

  const detail = page.getByRole("region", { name: "Span loadProductReviews" });
  await expect(detail).toContainText(formatDuration(reviews?.durationNs));
  const subtree = await api(request).flamegraph(
    `trace_id=${traceId}&span_id=${reviews?.spanId}&scope=subtree`,
  );
  const drawn = flame(page);
  await expect(drawn.total).toHaveText(formatValue(subtree.total, subtree.unit));

  // All of its time is spent in the queries below it.
  await page.getByRole("radio", { name: "Span only" }).click();
  const own = await api(request).flamegraph(`trace_id=${traceId}&span_id=${reviews?.spanId}&scope=span`);
  expect(own.total).toBe(0);
  await expect(page.getByRole("region", { name: "CPU of this span" })).toContainText(
    own.emptyReason ?? "no reason",
  );

  const query = trace.spans
    .filter((span) => span.name === "SELECT reviews")
    .sort((a, b) => b.cpuNs - a.cpuNs)[0];
  expect(query?.cpuNs).toBeGreaterThan(0);
  await page.goto(`/traces/${traceId}?span=${query?.spanId}&scope=span`);
  await expect(drawn.total).toHaveText(formatValue(query?.cpuNs, "nanoseconds"));

  // A copied link shows the same view.
  const copy = await page.context().newPage();
  await copy.goto(page.url());
  await expect(copy.getByRole("region", { name: "Span SELECT reviews" })).toBeVisible();
  await expect(copy.getByRole("radio", { name: "Span only" })).toBeChecked();
  await expect(flame(copy).total).toHaveText(formatValue(query?.cpuNs, "nanoseconds"));
});

test("closing a span's detail gives the keyboard back to the spans", async ({ page, request }) => {
  const { traceId } = await slowestProduct(request);
  await page.goto(`/traces/${traceId}`);
  await page.getByRole("row", { name: /loadProductReviews/ }).click();
  await page.getByRole("button", { name: "Close the span's detail" }).click();
  await expect(page).not.toHaveURL(/span=/);
  await expect(page.getByRole("treegrid", { name: "Spans of the trace" })).toBeFocused();
});

test("a trace without samples says why, once, and claims no CPU time", async ({ page, request }) => {
  const { traces } = await api(request).traces("sort=samples&limit=1");
  const [quiet] = traces;
  expect(quiet?.sampleCount).toBe(0);
  const { noSamplesReason } = await api(request).trace(quiet?.traceId ?? "");
  await page.goto(`/traces/${quiet?.traceId}`);
  await expect(page.getByText(noSamplesReason ?? "no reason", { exact: true })).toHaveCount(1);
  await expect(page.getByText("On CPU", { exact: true }).locator("..")).toContainText("–");
});

test("zoom by click stands in the URL; back and reset undo it", async ({ page, request }) => {
  const { traceId } = await slowestProduct(request);
  await page.goto(`/traces/${traceId}`);
  const drawn = flame(page);
  const whole = await drawn.total.textContent();
  await drawn
    .frame(/loadProductReviews/)
    .first()
    .click();
  await expect(page).toHaveURL(/focus=/);
  const zoom = page.getByRole("navigation", { name: "Zoom" });
  await expect(zoom.locator("[aria-current]")).toContainText("loadProductReviews");
  await expect(drawn.total).toHaveText(whole ?? ""); // zooming changes the view, never the total

  const copy = await page.context().newPage();
  await copy.goto(page.url());
  await expect(copy.getByRole("navigation", { name: "Zoom" }).locator("[aria-current]")).toContainText(
    "loadProductReviews",
  );

  await page.goBack();
  await expect(zoom.locator("[aria-current]")).toHaveText("all");
  await drawn
    .frame(/loadProductReviews/)
    .first()
    .click();
  await page.getByRole("button", { name: "Reset zoom" }).click();
  await expect(zoom.locator("[aria-current]")).toHaveText("all");
});

test("search says how much matches, exactly, and marks the frames", async ({ page, request }) => {
  const { traceId } = await slowestProduct(request);
  await page.goto(`/traces/${traceId}`);
  await expect(flame(page).tree).toBeVisible();
  await page.keyboard.press("/");
  const search = page.getByRole("searchbox", { name: "Search functions" });
  await search.or(page.getByLabel("Search functions")).first().fill("sqlite");
  const answer = await api(request).flamegraph(`trace_id=${traceId}&q=sqlite`);
  const matched = answer.matched?.total ?? 0;
  expect(matched).toBeGreaterThan(0);
  expect(matched).toBeLessThanOrEqual(answer.total);
  await expect(page.getByRole("status").filter({ hasText: "of all matched" })).toContainText(
    formatValue(matched, answer.unit),
  );
  await expect(page).toHaveURL(/fq=sqlite/);
});

test("the functions view is the API's, line by line", async ({ page, request }) => {
  const { traceId } = await slowestProduct(request);
  await page.goto(`/traces/${traceId}`);
  await page.getByRole("radio", { name: "Functions" }).click();
  const response = await request.get(`/api/v1/functions?type=cpu&trace_id=${traceId}&sort=-self&limit=5`);
  const { functions } = (await response.json()) as {
    functions: { self: number; total: number; sampleCount: number }[];
  };
  const rows = page.getByRole("table", { name: "Functions" }).locator("tbody tr");
  for (const [index, row] of functions.entries()) {
    await expect(rows.nth(index)).toContainText(formatValue(row.self, "nanoseconds"));
    await expect(rows.nth(index)).toContainText(formatValue(row.total, "nanoseconds"));
  }
});

test("a trace nobody sent is said to be unknown, and a broken id too", async ({ page }) => {
  await page.goto(`/traces/${"ab".repeat(16)}`);
  await expect(page.getByRole("alert").filter({ hasText: "could not be loaded" })).toBeVisible();
  await page.goto("/traces/not-an-id");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This is no trace id");
});
