/** Go programs of e2e/clients/go for tests, and Go's own reader of profiles. */
import { execFile, execFileSync, spawn, spawnSync } from "node:child_process";
import { createServer, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { readTops, type Top } from "@/lib/ingest/test-pprof-top";

const FOLDER = fileURLToPath(new URL("../../e2e/clients/go/", import.meta.url));
const ENV = { ...process.env, GOFLAGS: "-mod=mod" };

/** @returns why Go's programs cannot be built here, in a clause: no `go`, or modules that are neither in its cache nor to be had */
export function whyNoGo(folder = FOLDER): string | undefined {
  if (spawnSync("go", ["version"]).status !== 0) return "there is no `go` on the PATH";
  const options = { cwd: folder, env: ENV, encoding: "utf8", timeout: 120_000 } as const;
  const modules = spawnSync("go", ["mod", "download"], options);
  if (modules.status === 0) return undefined;
  const reason = modules.stderr.trim().split("\n")[0] || "no answer in two minutes";
  return `the Go modules of ${relative(process.cwd(), folder)} cannot be downloaded: ${reason}`;
}

/**
 * Builds programs into a folder; modules come from Go's cache or its proxy.
 * @returns why that cannot be done here, undefined when it was
 * @throws Error when the programs do not compile
 */
export function buildGoClients(
  into: string,
  programs: readonly string[],
  folder = FOLDER,
): string | undefined {
  const cannot = whyNoGo(folder);
  if (cannot !== undefined) return cannot;
  const options = { cwd: folder, env: ENV, timeout: 240_000 };
  execFileSync("go", ["build", "-o", `${into}/`, ...programs.map((name) => `./${name}`)], options);
  return undefined;
}

/** @throws Error with what the program wrote when it fails */
export function runGoProgram(path: string, env: Readonly<Record<string, string>>): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(path, [], { env: { ...process.env, ...env }, timeout: 85_000 }, (error, stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`${path} failed: ${stdout}${stderr}`, { cause: error }));
    });
  });
}

/** A program that writes its address first and ends when its standard input does. */
export async function startGoProgram(path: string): Promise<{ url: string; stop(): Promise<void> }> {
  const child = spawn(path, { stdio: ["pipe", "pipe", "inherit"] });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (line) => resolve(String(line).trim()));
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`${path} ended.`)));
  });
  return {
    url,
    stop: () => {
      child.stdin.end();
      return gone;
    },
  };
}

/** What Go's own tool says of all these profiles together. */
export function topOfAll(folder: string, files: readonly string[], type: string, unit: string): Top {
  const options = [
    "-top",
    "-symbolize=none",
    `-unit=${unit}`,
    "-nodecount=20",
    "-nodefraction=0",
    `-sample_index=${type}`,
  ];
  const printed = execFileSync(
    "go",
    ["tool", "pprof", ...options, ...files.map((name) => join(folder, name))],
    {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  const [top] = readTops(`## ${type} flat\n${printed}`);
  if (top === undefined) throw new Error(`go tool pprof printed:\n${printed}`);
  return top;
}

export interface Pushed {
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** What the server said; 0 when it was not there. */
  readonly status: number;
}

/**
 * Stands between a client and the server that is there at the moment, and notes each profile pushed.
 * @param fate what the client is to see of an answer: "lost" cuts the connection after the server has answered
 */
export async function startLossyTap(
  target: string,
  fate: (nth: number) => Promise<"heard" | "lost"> | "heard" | "lost",
): Promise<{ url: string; pushed: readonly Pushed[]; stop(): Promise<void> }> {
  const pushed: Pushed[] = [];
  let count = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { headers, method, url = "" } = request;
    const isProfile = url.startsWith("/api/v1/profiles");
    const seen = isProfile ? await fate(count++) : "heard";
    const note = (status: number) => {
      if (isProfile) pushed.push({ query: new URL(url, target).searchParams, headers, body, status });
    };
    const onward = httpRequest(new URL(url, target), { method, headers }, (answer) => {
      note(answer.statusCode ?? 0);
      if (seen === "lost") {
        answer.resume().once("end", () => request.socket.destroy());
        return;
      }
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    onward.once("error", () => {
      note(0);
      request.socket.destroy();
    });
    onward.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pushed,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
