/** The product as it is shipped: the supervisor with engine, ingest and web, on ports and a folder of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Hotspan {
  /** Of the pages and their API. */
  readonly url: string;
  readonly otlpUrl: string;
  /** Where /proc is: engine, ingest and web with their resident memory and CPU time since they began. */
  processes(): ReadonlyMap<ProcessName, ProcessUse>;
  /** @throws Error when the answer is not 200 */
  get(path: string): Promise<string>;
  stop(): Promise<void>;
}

export type ProcessName = "engine" | "ingest" | "web";

export interface ProcessUse {
  readonly residentBytes: number;
  readonly cpuSeconds: number;
}

const CLOCK_TICKS = 100; // per second, on every Linux that Node runs on
const START_MS = 120_000;
const STOP_MS = 15_000;
const SCRIPTS: readonly (readonly [ProcessName, string])[] = [
  ["engine", "engine.mjs"],
  ["ingest", "ingest.mjs"],
  ["web", "next-server"],
  ["web", "server.js"],
];

/** @param port of the pages; the two after it take OTLP */
export async function startHotspan(root: string, dataDir: string, port: number): Promise<Hotspan> {
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, [join(root, "dist/supervisor.mjs")], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      PORT: String(port),
      HOST: "127.0.0.1",
      HOTSPAN_DATA: dataDir,
      HOTSPAN_OTLP_HTTP_PORT: String(port + 1),
      HOTSPAN_OTLP_GRPC_PORT: String(port + 2),
      HOTSPAN_SAMPLE_DATA: "off",
    },
  });
  const heard: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => heard.push(text));
  }
  const deadline = performance.now() + START_MS;
  while (!heard.join("").includes("Hotspan is ready")) {
    if (child.exitCode !== null || performance.now() > deadline) {
      child.kill("SIGTERM");
      throw new Error(`Hotspan did not start:\n${heard.join("")}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    url,
    otlpUrl: `http://127.0.0.1:${port + 1}`,
    processes: () => findProcesses(child.pid ?? 0),
    get: async (path) => {
      const answer = await fetch(url + path, { signal: AbortSignal.timeout(60_000) });
      const body = await answer.text();
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${body.slice(0, 300)}`);
      return body;
    },
    stop: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const forced = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await gone;
  clearTimeout(forced);
}

function findProcesses(supervisor: number): Map<ProcessName, ProcessUse> {
  const found = new Map<ProcessName, ProcessUse>();
  if (!existsSync("/proc/self/stat")) return found;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const stat = readProc(pid, "stat");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (Number(fields[1]) !== supervisor) continue;
    const command = readProc(pid, "cmdline");
    const name = SCRIPTS.find(([, script]) => command.includes(script))?.[0];
    const resident = /VmRSS:\s+(\d+) kB/.exec(readProc(pid, "status"))?.[1];
    if (name === undefined || resident === undefined) continue;
    found.set(name, {
      residentBytes: Number(resident) * 1_024,
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS,
    });
  }
  return found;
}

/** "" for a process that has ended meanwhile. */
function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
