import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { fetchTarget } from "@/lib/collector/fetch-target";
import { createGuard } from "@/lib/collector/guard-target";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const guard = createGuard(undefined);
const read = (url: string, options: { timeoutMs?: number; maxBytes?: number } = {}) =>
  fetchTarget(new URL(url), { guard, timeoutMs: 5_000, maxBytes: 1_000_000, ...options });

describe("a target that behaves", () => {
  test("is read plain and with Content-Encoding; a pprof's own gzip stays", async () => {
    const pprof = gzipSync("profile");
    const url = await serve((request, response) => {
      if (request.url === "/encoded") response.setHeader("content-encoding", "gzip");
      response.end(pprof);
    });
    expect(await read(`${url}/heap`)).toMatchObject({ kind: "ok", bytes: pprof });
    expect(await read(`${url}/encoded`)).toMatchObject({ kind: "ok", bytes: Buffer.from("profile") });
  });

  test("is named by its host, and reached at the address that was looked at", async () => {
    let host: string | undefined;
    const url = await serve((request, response) => {
      host = request.headers.host;
      response.end("x");
    });
    const answers = ["127.0.0.1", "169.254.169.254"]; // the second answer would be the attack
    const rebinding = createGuard(undefined, async () => [answers.shift() ?? "169.254.169.254"]);
    const named = url.replace("127.0.0.1", "rebind.test");
    const first = await fetchTarget(new URL(named), { guard: rebinding, timeoutMs: 5_000 });
    expect(first.kind).toBe("ok");
    expect(answers).toEqual(["169.254.169.254"]); // asked once: there is no second look that could differ
    expect(host).toBe(new URL(named).host);
    expect(await fetchTarget(new URL(named), { guard: rebinding, timeoutMs: 5_000 })).toMatchObject({
      kind: "refused",
    });
  });
});

describe("a target that does not", () => {
  test("a busy profiler, an absent profile and an error are told apart", async () => {
    const url = await serve((request, response) => {
      if (request.url === "/busy")
        response.writeHead(500).end("Could not enable CPU profiling: cpu profiling already in use\n");
      else if (request.url === "/absent") response.writeHead(404).end("Unknown profile");
      else response.writeHead(500).end("<html>secret</html>");
    });
    expect(await read(`${url}/busy`)).toEqual({
      kind: "busy",
      message: "Another profiler of the process is taking a CPU profile.",
    });
    expect(await read(`${url}/absent`)).toEqual({
      kind: "missing",
      message: "It answers 404: Unknown profile.",
    });
    expect(await read(`${url}/other`)).toEqual({ kind: "failed", status: 500, message: "It answers 500." });
  });

  test("leads elsewhere: nobody follows", async () => {
    let asked = 0;
    const inside = await serve((_, response) => {
      asked++;
      response.end("inside");
    });
    const url = await serve((_, response) => response.writeHead(302, { location: inside }).end());
    expect(await read(url)).toMatchObject({
      kind: "failed",
      message: expect.stringContaining("302, a redirect"),
    });
    expect(asked).toBe(0);
  });

  test("announces, streams or unpacks to more than the limit", async () => {
    const url = await serve((request, response) => {
      if (request.url === "/announced")
        response.writeHead(200, { "content-length": String(10 * 2 ** 30) }).flushHeaders();
      else if (request.url === "/bomb")
        response.setHeader("content-encoding", "gzip").end(gzipSync(Buffer.alloc(5_000_000)));
      else {
        const chunk = Buffer.alloc(65_536);
        const more = (): void => {
          while (!response.destroyed && response.write(chunk));
        };
        response.on("drain", more);
        more();
      }
    });
    expect(await read(`${url}/announced`)).toMatchObject({
      kind: "failed",
      message: expect.stringContaining("10737418240 bytes"),
    });
    expect(await read(`${url}/bomb`)).toMatchObject({
      kind: "failed",
      message: expect.stringContaining("longer than the limit when unpacked"),
    });
    expect(await read(`${url}/endless`)).toMatchObject({
      kind: "failed",
      message: expect.stringContaining("longer than the limit of 1000000"),
    });
  });

  test("hangs, sends a byte now and then for ever, or has a silent name server", async () => {
    const timers: NodeJS.Timeout[] = [];
    const url = await serve((request, response) => {
      if (request.url === "/drip") timers.push(setInterval(() => response.write("."), 20));
    });
    for (const path of ["/hang", "/drip"]) {
      expect(await read(`${url}${path}`, { timeoutMs: 300 })).toMatchObject({
        kind: "failed",
        message: "Reading it failed: it does not answer in time.",
      });
    }
    for (const timer of timers) clearInterval(timer);
    const silent = createGuard(undefined, () => new Promise(() => undefined));
    expect(await fetchTarget(new URL("http://shop"), { guard: silent, timeoutMs: 50 })).toMatchObject({
      message: "Reading it failed: its name is not resolved in time.",
    });
  });

  test("speaks no HTTP, or is not there", async () => {
    const tcp = createTcpServer((socket) =>
      socket.on("error", () => socket.destroy()).end("SSH-2.0-OpenSSH_9\r\n"),
    );
    await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
    const { port } = tcp.address() as AddressInfo;
    expect(await read(`http://127.0.0.1:${port}`)).toMatchObject({ kind: "failed" });
    tcp.close();
    expect(await read(`http://127.0.0.1:${port}`)).toEqual({
      kind: "failed",
      message: "Reading it failed: nothing listens there (connection refused).",
    });
  });
});
