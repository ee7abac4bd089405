import { type APIRequestContext, expect, type Locator, type Page } from "@playwright/test";
import type { z } from "zod";
import {
  endpointsResponse,
  flamegraphResponse,
  sampleDataResponse,
  servicesResponse,
  traceResponse,
  tracesResponse,
} from "@/lib/api/contract";

/** Where the recorded shop lies: it ends at the first start. */
export const RANGE = "from=now-1h";
export const PRODUCT = "GET /products/{id}";

async function get<T>(request: APIRequestContext, url: string, schema: z.ZodType<T>): Promise<T> {
  const response = await request.get(url);
  expect(response.status(), `${url}: ${await response.text()}`).toBe(200);
  return schema.parse(await response.json());
}

/** The HTTP interface, checked against its contract: the truth that pages are held to. */
export const api = (request: APIRequestContext) => ({
  services: () => get(request, `/api/v1/services?${RANGE}`, servicesResponse),
  traces: (query: string) => get(request, `/api/v1/traces?${RANGE}&${query}`, tracesResponse),
  trace: (id: string) => get(request, `/api/v1/traces/${id}`, traceResponse),
  endpoints: (query: string) => get(request, `/api/v1/endpoints?${RANGE}&${query}`, endpointsResponse),
  flamegraph: (query: string) => get(request, `/api/v1/flamegraph?${query}`, flamegraphResponse),
  sampleData: () => get(request, "/api/v1/sample-data", sampleDataResponse),
});

/** Waits until the sample data are in, and every trace's summary has caught up with its spans and samples. */
export async function waitForShop(request: APIRequestContext): Promise<void> {
  const ask = api(request);
  await expect.poll(async () => (await ask.sampleData()).state, { timeout: 90_000 }).toBe("loaded");
  await expect
    .poll(
      async () => {
        const { services } = await ask.services();
        const { traces, total } = await ask.traces("sort=-cpu&limit=20");
        const behind = [];
        for (const { traceId, sampleCount } of traces) {
          const flame = await ask.flamegraph(`trace_id=${traceId}&max_nodes=2`);
          if (flame.sampleCount !== sampleCount) behind.push(traceId);
        }
        const requests = services.find((service) => service.name === "gateway")?.requests ?? Number.NaN;
        return { enough: total >= requests, behind };
      },
      { timeout: 60_000 },
    )
    .toEqual({ enough: true, behind: [] });
}

export async function slowestProduct(request: APIRequestContext) {
  const { traces } = await api(request).traces(
    `sort=-duration&limit=1&endpoint=${encodeURIComponent(PRODUCT)}`,
  );
  const slowest = traces[0];
  if (slowest === undefined) throw new Error("The recording has no GetProduct trace.");
  return slowest;
}

export const flame = (page: Page) => ({
  tree: page.getByRole("tree"),
  frame: (name: RegExp): Locator => page.getByRole("treeitem", { name }),
  total: page.getByTestId("flame-total"),
});
