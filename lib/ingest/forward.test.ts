import { createHash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { forwardToIngest } from "@/lib/ingest/forward";

afterEach(() => vi.unstubAllEnvs());

/** Stands where the ingest process listens, and notes what arrives. */
async function listen(answer: { status: number; headers: Record<string, string>; body: string }) {
  const seen: { request: IncomingMessage; bytes: number; sha256: string }[] = [];
  const server = createServer(async (request, response) => {
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const chunk of request) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    seen.push({ request, bytes, sha256: hash.digest("hex") });
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  vi.stubEnv("HOTSPAN_INGEST_URL", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return {
    seen,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

function upload(body: Uint8Array<ArrayBuffer>, headers: Record<string, string>, query = ""): Request {
  return new Request(`http://dashboard.example/v1/traces${query}`, { method: "POST", headers, body });
}

const PROTOBUF = { "content-type": "application/x-protobuf", "content-encoding": "gzip" };

test("30 MB arrive whole, with what the receiver reads of headers and query, and the answer comes back", async () => {
  const ingest = await listen({
    status: 429,
    headers: { "content-type": "application/x-protobuf", "retry-after": "3" },
    body: "answer",
  });
  const body = new Uint8Array(31_457_280).map((_, index) => index * 31);
  const headers = { ...PROTOBUF, "x-hotspan-source": "sample", cookie: "secret" };
  const answer = await forwardToIngest(upload(body, headers, "?service=a%20b&source=sample"), "/v1/traces");
  expect([answer.status, await answer.text()]).toEqual([429, "answer"]);
  expect(answer.headers.get("retry-after")).toBe("3");
  const [{ request, bytes, sha256 } = { request: undefined, bytes: 0, sha256: "" }] = ingest.seen;
  expect([bytes, sha256]).toEqual([body.length, createHash("sha256").update(body).digest("hex")]);
  expect(request?.url).toBe("/v1/traces?service=a+b");
  expect(request?.headers).toMatchObject(PROTOBUF);
  // Through this door everybody would seem to be on this machine.
  expect(request?.headers).not.toHaveProperty("x-hotspan-source");
  expect(request?.headers).not.toHaveProperty("cookie");
  await ingest.close();
});

test("while the receiver is away: 503 with Retry-After, in the sender's encoding", async () => {
  const ingest = await listen({ status: 200, headers: {}, body: "" });
  await ingest.close();
  const asProtobuf = await forwardToIngest(upload(new Uint8Array(9), PROTOBUF), "/v1/traces");
  expect([asProtobuf.status, asProtobuf.headers.get("retry-after")]).toEqual([503, "1"]);
  expect([...new Uint8Array(await asProtobuf.arrayBuffer()).subarray(0, 3)]).toEqual([0x08, 14, 0x12]);
  const json = { "content-type": "application/json" };
  const asJson = await forwardToIngest(upload(new Uint8Array(9), json), "/v1/traces");
  expect(await asJson.json()).toMatchObject({ code: 14 });
  const profile = await forwardToIngest(upload(new Uint8Array(9), {}), "/api/v1/profiles");
  expect(await profile.json()).toMatchObject({ error: { code: "unavailable" } });
  const push = await forwardToIngest(upload(new Uint8Array(9), json), "/push.v1.PusherService/Push");
  expect(await push.json()).toMatchObject({ code: "unavailable", message: expect.any(String) });
});
