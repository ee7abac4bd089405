import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GET as getCapture } from "@/app/api/v1/captures/[id]/route";
import { GET as getCaptures, POST as reportCapture } from "@/app/api/v1/captures/route";
import { POST as captureNow } from "@/app/api/v1/targets/[id]/capture/route";
import { PATCH as changeTarget, DELETE as removeTarget } from "@/app/api/v1/targets/[id]/route";
import { POST as addTarget, GET as getTargets } from "@/app/api/v1/targets/route";
import { POST as testTarget } from "@/app/api/v1/targets/test/route";
import { capture, capturesResponse, target, targetsResponse } from "@/lib/api/targets-contract";
import { closeCatalogue } from "@/lib/store/catalogue";

let folder: string;
let ingest: Server;
let asked: string[];
const environment = { ...process.env };

beforeAll(async () => {
  asked = [];
  folder = await mkdtemp(join(tmpdir(), "hotspan-targets-"));
  ingest = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers["content-type"]}`);
    response.setHeader("content-type", "application/json").end('{"ok":true,"checks":[]}');
  });
  await new Promise<void>((resolve) => ingest.listen(0, "127.0.0.1", resolve));
  process.env.HOTSPAN_DATA = folder;
  process.env.HOTSPAN_INGEST_URL = `http://127.0.0.1:${(ingest.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await closeCatalogue();
  ingest.close();
  process.env = environment;
  await rm(folder, { recursive: true, force: true });
});

const HOST = "hotspan:3000";
function request(method: string, body?: unknown, headers: Record<string, string> = {}): Request {
  return new Request(`http://${HOST}/api/v1/targets`, {
    method,
    headers: { host: HOST, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}
const of = (id: string) => ({ params: Promise.resolve({ id }) });
const SHOP = { url: "http://shop:6060", service: "shop" };

test("a target is added, listed, changed, captured and removed", async () => {
  const added = await addTarget(request("POST", SHOP));
  expect(added.status).toBe(201);
  const { id } = target.parse(await added.json());
  expect(targetsResponse.parse(await (await getTargets(request("GET"))).json()).targets).toMatchObject([
    {
      id,
      ...SHOP,
      paused: false,
      cpu: { seconds: 10, everySeconds: 60 },
      adaptive: { cpuPercent: 70, memoryPercent: 80 },
    },
  ]);
  const changed = await changeTarget(
    request("PATCH", { paused: true, cpu: { seconds: 5, everySeconds: 30 } }),
    of(id),
  );
  expect(target.parse(await changed.json())).toMatchObject({
    paused: true,
    cpu: { on: true, seconds: 5, everySeconds: 30 },
  });
  const requested = await captureNow(request("POST", { seconds: 7 }), of(id));
  expect(requested.status).toBe(202);
  const asked_ = capture.parse(await requested.json());
  expect(asked_).toMatchObject({ targetId: id, trigger: "manual", state: "requested", seconds: 7 });
  const one = await getCapture(request("GET"), of(asked_.id));
  expect(capture.parse(await one.json())).toEqual(asked_);
  const list = await getCaptures(
    new Request(`http://${HOST}/api/v1/captures?target=${id}&from=now-1h&limit=1`),
  );
  expect(capturesResponse.parse(await list.json()).captures).toEqual([asked_]);
  expect((await removeTarget(request("DELETE"), of(id))).status).toBe(200);
  expect((await removeTarget(request("DELETE"), of(id))).status).toBe(404);
  expect((await captureNow(request("POST", {}), of(id))).status).toBe(404);
});

test.each([
  [{ ...SHOP, url: "gopher://x" }, "must begin with http"],
  [{ ...SHOP, url: "http://u:p@shop" }, "must not hold a user or password"],
  [{ ...SHOP, cpu: { seconds: 0 } }, "is at least 1"],
  [{ ...SHOP, cpu: { seconds: 20, everySeconds: 15 } }, "is at most everySeconds"],
  [{ ...SHOP, speed: 1 }, "speed"],
  [{ url: SHOP.url }, "service"],
])("%j is refused, naming what is wrong", async (body, message) => {
  const answer = await addTarget(request("POST", body));
  expect(answer.status).toBe(400);
  expect(JSON.stringify(await answer.json())).toContain(message);
});

test("a page of another origin changes nothing", async () => {
  const foreign: Record<string, string>[] = [
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "http://evil.test" },
    { origin: "null" },
  ];
  const calls: ((headers: Record<string, string>) => Promise<Response>)[] = [
    (headers) => addTarget(request("POST", SHOP, headers)),
    (headers) => changeTarget(request("PATCH", { paused: true }, headers), of("x")),
    (headers) => removeTarget(request("DELETE", undefined, headers), of("x")),
    (headers) => captureNow(request("POST", {}, headers), of("x")),
    (headers) => testTarget(request("POST", SHOP, headers)),
    (headers) => reportCapture(request("POST", {}, headers)),
  ];
  for (const call of calls) for (const headers of foreign) expect((await call(headers)).status).toBe(403);
  // A form, which no browser asks about first.
  expect((await addTarget(request("POST", SHOP, { "content-type": "text/plain" }))).status).toBe(415);
  expect(asked).toEqual([]);
  expect((await testTarget(request("POST", SHOP, { origin: `http://${HOST}` }))).status).toBe(200);
  expect(asked).toEqual(["POST /api/v1/targets/test application/json"]);
});
