import { readFileSync } from "node:fs";
import { type APIRequestContext, expect, type Page, test } from "@playwright/test";
import { profilesResponse, receivedProfile } from "@/lib/api/profiles-contract";
import { formatCountExact, formatValue } from "@/lib/format";
import { writeZip } from "@/lib/ingest/test-zip";
import { api, flame, waitForShop } from "./shop";

/** Files as a user has them: names, bytes, dropped together. */
interface DroppedFile {
  readonly name: string;
  readonly bytes: Buffer;
}

const profile = (name: string) =>
  readFileSync(new URL(`../lib/ingest/records/profiles/${name}.pb.gz`, import.meta.url));
// A run of the tests against a server that is up must bring something new.
const run = Date.now().toString(16).padStart(12, "0");
const traceId = `${run}${"ab".repeat(10)}`;

const start = (Date.now() - 120_000) * 1_000;
const jaeger = {
  data: [
    {
      traceID: traceId,
      spans: ["GET /legacy", "query"].map((operationName, index) => ({
        traceID: traceId,
        spanID: `00000000000000a${index}`,
        operationName,
        references:
          index === 0 ? [] : [{ refType: "CHILD_OF", traceID: traceId, spanID: "00000000000000a0" }],
        startTime: start + index * 1_000,
        duration: 80_000 - index * 30_000,
        tags: [{ key: "span.kind", type: "string", value: index === 0 ? "server" : "client" }],
        logs: [],
        processID: "p1",
      })),
      processes: { p1: { serviceName: `legacy-${run}`, tags: [] } },
    },
  ],
};

/** Once the list says how long it is, the page listens. */
async function openProfiles(page: Page): Promise<void> {
  await page.goto("/profiles");
  await expect(page.getByText(/^[\d.]+(?: k)? profiles?$/)).toBeVisible({ timeout: 45_000 });
}

async function drop(page: Page, files: readonly DroppedFile[]): Promise<void> {
  const data = await page.evaluateHandle(
    (dropped) => {
      const transfer = new DataTransfer();
      for (const { base64, name } of dropped) {
        const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
        transfer.items.add(new File([bytes], name));
      }
      return transfer;
    },
    files.map(({ bytes, name }) => ({ name, base64: bytes.toString("base64") })),
  );
  for (const event of ["dragenter", "dragover", "drop"]) {
    await page.dispatchEvent("main", event, { dataTransfer: data });
  }
}

const line = (page: Page, name: string) =>
  page.getByRole("list", { name: "Imported files" }).getByRole("listitem").filter({ hasText: name }).first();

async function listed(request: APIRequestContext, query: string) {
  const response = await request.get(`/api/v1/profiles?${query}`, {
    headers: { accept: "application/json" },
  });
  expect(response.status()).toBe(200);
  return profilesResponse.parse(await response.json());
}

test.describe.configure({ mode: "serial" });
// The list does not grow by itself while it is compared.
test.beforeAll(({ request }) => waitForShop(request));

test("files dropped on the page are stored once, and lead to what came in", async ({ page, request }) => {
  const service = `cart-${run}`;
  // On a server that is used twice these bytes are known, and it says so.
  const cpu = { name: `${service}-cpu-20250624-120000.pprof`, bytes: profile("go-cpu-2s") };
  const files = [
    { name: "traces.json", bytes: Buffer.from(JSON.stringify(jaeger, null, 2)) },
    cpu,
    { name: "notes.json", bytes: Buffer.from('{"hello": 1}') },
    {
      name: "all.zip",
      bytes: writeZip([
        { name: "a/traces.json", bytes: Buffer.from(JSON.stringify(jaeger)) },
        { name: "b.txt", bytes: Buffer.from("?") },
      ]),
    },
  ];
  await openProfiles(page);
  await drop(page, files);
  await expect(line(page, "traces.json")).toContainText("2 spans stored");
  await expect(line(page, cpu.name)).toContainText(/1 profile (with [\d,]+ samples stored|was here before)/);
  await expect(line(page, "notes.json")).toContainText("This JSON is no trace (its keys: hello)");
  await expect(line(page, "all.zip")).toContainText("2 files; 2 spans were here before; 1 file not read");

  const href = await line(page, cpu.name).getByRole("link").getAttribute("href");
  const profileId = /[0-9a-f]{16}/.exec(href ?? "")?.[0] ?? "";
  const received = receivedProfile.parse(await (await request.get(`/api/v1/profiles/${profileId}`)).json());
  await line(page, cpu.name).getByRole("link").click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText(received.service);
  await expect(page.getByText(formatCountExact(received.samples), { exact: true })).toBeVisible();
  const cpuTotal = received.sampleTypes.find(({ type }) => type === "cpu")?.total ?? Number.NaN;
  await expect(flame(page).total).toHaveText(formatValue(cpuTotal, "nanoseconds"));
  const graph = await api(request).flamegraph(`profile=${profileId}&type=cpu`);
  expect(graph.total).toBe(cpuTotal);

  await openProfiles(page);
  await drop(page, [files[0] as DroppedFile]);
  await expect(line(page, "traces.json")).toContainText("2 spans were here before");
  await line(page, "traces.json").getByRole("link").click();
  await expect(page).toHaveURL(new RegExp(`/traces/${traceId}`));
  expect((await api(request).trace(traceId)).spans).toHaveLength(2);
  await expect(page.getByText("GET /legacy").first()).toBeVisible();
});

test("the list is the API's; a row opens its profile", async ({ page, request }) => {
  const range = "from=2020-01-01T00:00:00Z&to=now";
  const { profiles, total } = await listed(request, `${range}&limit=5`);
  expect(total).toBeGreaterThan(0);
  await page.goto(`/profiles?${range}`);
  const table = page.getByRole("table", { name: "Profiles" });
  await expect(table).toHaveAttribute("aria-rowcount", String(total + 1));
  for (const [index, row] of profiles.entries()) {
    const drawn = table.locator(`tr[aria-rowindex="${index + 2}"]`);
    await expect(drawn).toContainText(row.service);
    for (const { total: value, type, unit } of row.sampleTypes.slice(0, 1)) {
      await expect(drawn).toContainText(`${type} ${formatValue(value, unit)}`);
    }
  }
  const newest = profiles[0];
  await table.getByRole("link").first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/profiles/${newest?.profileId}`));
  await expect(page.getByRole("heading", { level: 1 })).toContainText(newest?.service ?? "?");
});

test("a file on its way can be cancelled, and sent again", async ({ page }) => {
  await page.route("**/api/v1/import*", async (route) => {
    await new Promise((resolve) => page.once("close", resolve));
    await route.abort();
  });
  await openProfiles(page);
  await page
    .getByTestId("choose-files")
    .setInputFiles({ name: "slow.json", mimeType: "application/json", buffer: Buffer.from("{}") });
  await page.getByRole("button", { name: "Cancel slow.json" }).click();
  await expect(line(page, "slow.json")).toContainText("Cancelled");
  await page.unroute("**/api/v1/import*");
  await page.getByRole("button", { name: "Again" }).click();
  await expect(line(page, "slow.json")).toContainText("This JSON is no trace");
});
