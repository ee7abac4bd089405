import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { flame, RANGE, slowestProduct, waitForShop } from "./shop";

test.beforeAll(({ request }) => waitForShop(request));

async function expectNoSeriousFault(page: Page, colorScheme: "light" | "dark") {
  const axe = new AxeBuilder({ page });
  // The page is the same in the dark but for its colours.
  const { violations } = await (colorScheme === "dark" ? axe.withRules("color-contrast") : axe).analyze();
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(
    serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`),
  ).toEqual([]);
}

const PAGES = {
  profiles: { path: `/profiles?${RANGE}`, ready: (page: Page) => page.locator('a[data-row="0"]') },
  doctor: {
    path: `/doctor?${RANGE}`,
    ready: (page: Page) => page.getByRole("table", { name: "Services" }).getByText("Healthy").first(),
  },
  collector: { path: "/settings", ready: (page: Page) => page.getByRole("button", { name: "Add target" }) },
  sampling: { path: "/settings/sampling", ready: (page: Page) => page.getByRole("button", { name: "Save" }) },
  health: { path: "/settings/health", ready: (page: Page) => page.getByText("Spans stored") },
  services: { path: "/", ready: (page: Page) => page.getByRole("link", { name: /gateway/ }).first() },
  traces: { path: `/traces?${RANGE}`, ready: (page: Page) => page.locator('a[data-row="0"]') },
  trace: {
    path: "/traces/",
    ready: (page: Page) =>
      flame(page)
        .frame(/loadProductReviews/)
        .first(),
  },
  endpoints: {
    path: `/endpoints?service=gateway&${RANGE}`,
    ready: (page: Page) =>
      flame(page)
        .frame(/GetProduct/)
        .first(),
  },
};

for (const colorScheme of ["light", "dark"] as const) {
  for (const [name, { path, ready }] of Object.entries(PAGES)) {
    test(`no serious accessibility fault: ${name}, ${colorScheme}`, async ({ page, request }) => {
      test.slow(); // every frame of a flame graph is examined
      await page.emulateMedia({ colorScheme });
      await page.goto(path === "/traces/" ? path + (await slowestProduct(request)).traceId : path);
      await expect(ready(page)).toBeVisible();
      await expectNoSeriousFault(page, colorScheme);
    });
  }
}

test("all pages are reached on the narrowest phone, without scrolling sideways", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 700 });
  for (const { path, ready } of [PAGES.services, PAGES.profiles, PAGES.collector, PAGES.health]) {
    await page.goto(path);
    await expect(ready(page)).toBeVisible();
    const links = page.getByRole("navigation", { name: "Main" }).getByRole("link");
    await expect(links).toHaveText(["Services", "Traces", "Endpoints", "Profiles", "Doctor", "Settings"]);
    for (const link of await links.all()) await expect(link).toBeInViewport({ ratio: 1 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
  }
});

test("a dialog gives the keyboard back to what opened it", async ({ page }) => {
  await page.goto("/settings");
  const opener = page.getByRole("button", { name: "Add target" });
  await opener.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog").getByLabel("Address")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(opener).toBeFocused();
});

test("the theme follows the system, and the choice against it stays", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto("/");
  await expect(page.locator("html")).toHaveClass(/dark/);
  const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: "light" });
  await expect(page.locator("html")).not.toHaveClass(/dark/);
  expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).not.toBe(dark);
});

test("a slow trace is found, read and searched by keyboard alone", async ({ page, request }) => {
  const { traceId } = await slowestProduct(request);
  await page.goto(`/traces?${RANGE}&sort=-duration`);
  const first = page.locator('a[data-row="0"]');
  await expect(first).toBeVisible();
  for (
    let presses = 0;
    presses < 60 && !(await first.evaluate((link) => link === document.activeElement));
    presses++
  ) {
    await page.keyboard.press("Tab");
  }
  await expect(first).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(page.locator('a[data-row="1"]')).toBeFocused();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(traceId));

  const waterfall = page.getByRole("treegrid", { name: "Spans of the trace" });
  await expect(waterfall).toBeVisible();
  for (
    let presses = 0;
    presses < 60 && !(await waterfall.evaluate((grid) => grid === document.activeElement));
    presses++
  ) {
    await page.keyboard.press("Tab");
  }
  await expect(waterfall).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(page).toHaveURL(/span=/);
  const rows = Number(await waterfall.getAttribute("aria-rowcount"));
  await page.keyboard.press("ArrowLeft");
  await expect.poll(async () => Number(await waterfall.getAttribute("aria-rowcount"))).toBeLessThan(rows);
  await page.keyboard.press("ArrowRight");
  await expect(waterfall).toHaveAttribute("aria-rowcount", String(rows));

  const tree = flame(page).tree;
  for (
    let presses = 0;
    presses < 60 && !(await tree.evaluate((element) => element === document.activeElement));
    presses++
  ) {
    await page.keyboard.press("Tab");
  }
  await expect(tree).toBeFocused();
  for (let depth = 0; depth < 4; depth++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/focus=/);
  await page.keyboard.press("Escape");
  await expect(page).not.toHaveURL(/focus=/);
});
