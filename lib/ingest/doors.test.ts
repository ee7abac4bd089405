/** The dashboard's port takes what the receiver's takes: its routes, as they are, before real doors. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startTestDoors, type TestReceiver } from "@/lib/ingest/test-receiver";

const APP = resolve(import.meta.dirname, "../../app");
const routes = readdirSync(APP, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith("route.ts"))
  .flatMap((file) => {
    const [, path] =
      /forwardToIngest\(request, "([^"]+)"\)/.exec(readFileSync(join(APP, file), "utf8")) ?? [];
    // What the collector is asked is no telemetry, and its doors are opened by the process that runs it.
    return path === undefined || path.startsWith("/api/v1/targets") ? [] : [{ file, path }];
  });

let doors: TestReceiver;
beforeAll(async () => {
  doors = await startTestDoors();
  vi.stubEnv("HOTSPAN_INGEST_URL", doors.url);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await doors.stop();
});

test("the paths of every client have a route", () => {
  expect(routes.map(({ path }) => path)).toEqual(
    expect.arrayContaining([
      "/v1/traces",
      "/api/v1/profiles",
      "/ingest",
      "/pyroscope/ingest",
      "/push.v1.PusherService/Push",
      "/profiling/v1/input",
      "/api/v2/profile",
      "/v1/input",
    ]),
  );
});

test.each(routes)("$path is forwarded to a door that knows it", async ({ file, path }) => {
  expect(`/${file}`).toBe(`${path}/route.ts`);
  const { POST }: { POST: (request: Request) => Promise<Response> } = await import(join(APP, file));
  const answer = await POST(new Request(`http://dashboard.example${path}`, { method: "POST", body: "x" }));
  expect([path, answer.status]).not.toEqual([path, 404]);
  expect(answer.status).toBeGreaterThanOrEqual(400); // one byte is nobody's telemetry
  expect(answer.status).toBeLessThan(500);
});
