/** Real clients for tests: they run as processes of their own from e2e/clients, and a tap sees what they send. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../e2e/clients/", import.meta.url));

/**
 * Runs one of e2e/clients to its end, or until it is not needed any more.
 * @returns what it wrote
 * @throws Error with that when it failed, or when the folder is not installed
 */
export function runClient(
  script: string,
  env: Readonly<Record<string, string>>,
  enough?: AbortSignal,
): Promise<string> {
  if (!existsSync(`${FOLDER}node_modules`)) {
    throw new Error("The clients are not installed: run npm ci in e2e/clients (npm test does).");
  }
  return new Promise((resolve, reject) => {
    // Next's types demand NODE_ENV of any environment.
    const all: NodeJS.ProcessEnv = { NODE_ENV: "production", PATH: process.env.PATH, ...env };
    const signal = enough ?? new AbortController().signal;
    const options = { cwd: FOLDER, env: all, timeout: 60_000, signal };
    execFile(process.execPath, [script], options, (error, stdout, stderr) => {
      if (error === null || signal.aborted) resolve(`${stdout}${stderr}`.trim());
      else reject(new Error(`${script} failed: ${stdout}${stderr}`, { cause: error }));
    });
  });
}

/**
 * Builds and runs e2e/clients/go to its end.
 * @throws Error with what it wrote when it failed
 */
export function runGoClient(env: Readonly<Record<string, string>>): Promise<void> {
  return new Promise((resolve, reject) => {
    const all = { ...process.env, GOFLAGS: "-mod=mod", ...env };
    const options = { cwd: `${FOLDER}go`, env: all, timeout: 300_000 };
    execFile("go", ["run", "."], options, (error, stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`go run failed: ${stdout}${stderr}`, { cause: error }));
    });
  });
}

export interface Tapped {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** What the client was answered; 0 when its connection was cut. */
  readonly status: number;
}

export interface Tap {
  readonly url: string;
  readonly seen: readonly Tapped[];
  stop(): Promise<void>;
}

/**
 * Stands between client and server, and notes the bytes of both.
 * @param before runs when a request has arrived whole, before it goes on
 */
export async function startTap(
  target: string,
  before?: (tapped: Tapped) => Promise<void> | void,
): Promise<Tap> {
  const seen: Tapped[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { headers, method = "", url = "" } = request;
    const tapped = { method, url, headers, body: Buffer.concat(chunks) };
    await before?.({ ...tapped, status: 0 });
    const onward = httpRequest(new URL(url, target), { method, headers }, (answer) => {
      seen.push({ ...tapped, status: answer.statusCode ?? 0 });
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    onward.once("error", () => {
      seen.push({ ...tapped, status: 0 });
      request.socket.destroy();
    });
    onward.end(tapped.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** The files of a multipart body by name, by Node's own reader of forms. */
export async function filesOf({ body, headers }: Tapped): Promise<Map<string, Buffer>> {
  const form = await new Response(new Uint8Array(body), {
    headers: { "content-type": headers["content-type"] ?? "" },
  }).formData();
  const files = new Map<string, Buffer>();
  for (const [name, value] of form) {
    files.set(name, typeof value === "string" ? Buffer.from(value) : Buffer.from(await value.arrayBuffer()));
  }
  return files;
}
