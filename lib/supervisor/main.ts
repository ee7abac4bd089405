/**
 * `npm start`: the parent of the engine (embedded store only), ingest and web.
 * Arguments: `--only=ingest` leaves the pages out, `--only=web` is the pages alone (with CLICKHOUSE_URL),
 * `--dev` runs `next dev`.
 */
import { fileURLToPath } from "node:url";
import { type Config, connectableHost, readConfig } from "../config";
import { type Engine, startEngine } from "../engine/engine-process";
import { endLeftover } from "../engine/leftover";
import { lockDataDir } from "./data-lock";
import { requireFreePort } from "./free-port";
import { type KeptProcess, keepProcess } from "./kept-process";
import { waitForAnswer } from "./readiness";
import { findWebServer } from "./web-server";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = (name: string) => fileURLToPath(new URL(`./${name}.mjs`, import.meta.url));
const preload = new URL("./exit-with-parent.mjs", import.meta.url).href;
const log = (line: string) => process.stdout.write(`${line}\n`);

const isDev = process.argv.includes("--dev");
const only = process.argv.find((argument) => argument.startsWith("--only="))?.slice("--only=".length);
const runs = { ingest: only !== "web", web: only !== "ingest" };
/** The supervisor promises 10 s: what is under way is answered first, then the store closes. */
const drainMs = 6_000;

let engine: Engine | undefined;
let ingest: KeptProcess | undefined;
let web: KeptProcess | undefined;
let unlock: () => void = () => undefined;
let stopping = false;

async function stop(code: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  await Promise.all([web?.stop(drainMs), ingest?.stop(drainMs)]);
  await engine?.stop();
  unlock();
  process.exit(code);
}

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (!stopping && signal === "SIGINT") log("Stopping.");
    void stop(0);
  });
}
// Whoever started us by fork (npm run dev) and died; until then it says which bundle changed.
process.once("disconnect", () => void stop(0));
process.on("message", (message) => {
  if (typeof message !== "object" || message === null || !("restart" in message)) return;
  if (message.restart === "ingest") ingest?.restart();
  if (message.restart === "engine") engine?.restart();
});

try {
  await start(readConfig());
} catch (error) {
  if (!stopping) {
    const sentence = error instanceof Error ? error.message : String(error);
    if (sentence !== "") process.stderr.write(`${sentence}\n`);
    await stop(1);
  }
}

async function start(config: Config): Promise<void> {
  if (config.storeKind === "embedded") {
    if (!runs.ingest) throw new Error("The pages alone need a store of others: set CLICKHOUSE_URL.");
    unlock = lockDataDir(config.dataDir);
  }
  if (runs.web) await requireFreePort(config.port, config.host, "PORT");
  if (runs.ingest) {
    await requireFreePort(config.otlpHttpPort, config.host, "HOTSPAN_OTLP_HTTP_PORT");
    await requireFreePort(config.otlpGrpcPort, config.host, "HOTSPAN_OTLP_GRPC_PORT");
  }
  const env: Record<string, string> = {
    HOTSPAN_DATA: config.dataDir,
    HOTSPAN_INGEST_URL: config.ingestUrl,
    PORT: String(config.port),
    HOST: config.host,
    HOSTNAME: config.host,
    NEXT_TELEMETRY_DISABLED: "1", // nothing of Hotspan calls home
  };
  if (config.storeKind === "embedded") {
    await endLeftover(`${config.dataDir}/store`);
    const started = await startEngine({ dataDir: `${config.dataDir}/store`, script: dist("engine"), log });
    if (stopping) return started.stop();
    engine = started;
    env.HOTSPAN_ENGINE_URL = engine.url;
  }
  if (runs.ingest && !stopping) {
    ingest = keepProcess({ name: "ingest", script: dist("ingest"), env, talks: true, preload, log });
    await Promise.race([
      ingest.failed,
      waitForAnswer("ingest process", `${config.ingestUrl}/health`, (status) => status === 200, 60_000),
    ]);
    ingest.markReady();
  }
  if (runs.web && !stopping) {
    web = keepProcess({
      name: "web",
      ...findWebServer(root, config, isDev),
      env,
      talks: isDev,
      preload,
      log,
    });
    const address = `http://${connectableHost(config.host)}:${config.port}`;
    await Promise.race([
      web.failed,
      waitForAnswer(
        "web process",
        `${address}/api/v1/health`,
        // The pages alone start while the ingest process, which is another machine's, does not answer.
        (status) => (status < 500 && status !== 404) || (status === 503 && !runs.ingest),
        60_000,
      ),
    ]);
    web.markReady();
    log(`Hotspan is ready on ${isLocal(config.host) ? `http://localhost:${config.port}` : address}`);
  } else if (!stopping) log(`Hotspan takes in data on ${config.ingestUrl}`);
}

function isLocal(host: string): boolean {
  return host === "127.0.0.1" || host === "0.0.0.0" || host === "::1" || host === "::";
}
