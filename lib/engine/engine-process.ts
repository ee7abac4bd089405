/** The parent's side of the engine: start it, watch it, start it again, end it. */
import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { totalmem } from "node:os";
import { HotspanError } from "../errors";
import { engineEnvironment, engineUser, isEngineMessage } from "./messages";
import { findCause } from "./stderr-cause";

export interface EngineOptions {
  /** absolute; made when missing */
  readonly dataDir: string;
  /** dist/engine.mjs */
  readonly script: string;
  /** one calm line each */
  readonly log: (line: string) => void;
}

export interface Engine {
  /** user, password and port included; stays the same however often the process is replaced */
  readonly url: string;
  readonly pid: number | undefined;
  /** Ends the process, so that the next one runs its new bundle. */
  restart(): void;
  /** Ends the process: running queries are stopped, SIGKILL after 5 s. Nothing acknowledged is lost. */
  stop(): Promise<void>;
}

const startMs = 60_000;
/** Seconds without a beat (there are two a second): a frozen engine is found and replaced within 10 s. */
const silentTicks = 5;
const stopMs = 5_000;
const pauseMs = 100;
/** between attempts while the engine does not start at all */
const longestPauseMs = 5_000;

/**
 * Resolves when the engine answers.
 * @throws HotspanError `unavailable` with the cause in one sentence when the first start fails
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const secret = randomBytes(24).toString("hex");
  let stopping = false;
  let pause = pauseMs;
  let current = await launch(options, 0, secret);
  const { port } = current;
  watch(current);

  function watch(launched: Launched): void {
    launched.child.once("exit", (code, signal) => {
      if (stopping) return;
      options.log(`The store's engine ended (${signal ?? `exit ${code}`}); starting it again.`);
      retry();
    });
  }
  function retry(): void {
    setTimeout(() => {
      if (stopping) return;
      launch(options, port, secret).then(
        (launched) => {
          current = launched;
          pause = pauseMs;
          if (stopping) launched.child.kill("SIGKILL");
          else {
            options.log("The store's engine is back.");
            watch(launched);
          }
        },
        (error: unknown) => {
          options.log(error instanceof Error ? error.message : String(error));
          retry();
        },
      );
    }, pause);
    pause = Math.min(pause * 2, longestPauseMs);
  }

  return {
    url: `http://${engineUser}:${secret}@127.0.0.1:${port}`,
    get pid() {
      return current.child.pid;
    },
    restart() {
      current.child.kill("SIGTERM");
    },
    async stop() {
      stopping = true;
      const { child } = current;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), stopMs);
      await gone;
      clearTimeout(timer);
    },
  };
}

interface Launched {
  readonly child: ChildProcess;
  readonly port: number;
}

function launch(options: EngineOptions, port: number, secret: string): Promise<Launched> {
  const child = fork(options.script, [], {
    execArgv: [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    detached: true, // Ctrl-C reaches a whole group; when the engine ends is for its parent to say
    env: {
      ...process.env,
      UV_THREADPOOL_SIZE: "16",
      TZ: "UTC",
      [engineEnvironment.dataDir]: options.dataDir,
      [engineEnvironment.port]: String(port),
      [engineEnvironment.secret]: secret,
      [engineEnvironment.memory]: String(Math.floor(availableMemory() / 2)),
    },
  });
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = `${stderr}${text}`.slice(-65_536);
  });

  // Ticks, not the clock: a laptop that slept for an hour has missed one tick, not 3,600 beats.
  let silence = 0;
  let limit = startMs / 1_000;
  const ticker = setInterval(() => {
    silence++;
    if (silence >= limit) child.kill("SIGKILL");
  }, 1_000);
  child.once("exit", () => clearInterval(ticker));

  return new Promise((resolve, reject) => {
    child.once("close", (code, signal) => {
      reject(new HotspanError("unavailable", findCause(stderr, options.dataDir, signal ?? `exit ${code}`)));
    });
    child.once("error", (error) => reject(new HotspanError("unavailable", error.message, { cause: error })));
    child.on("message", (message) => {
      if (!isEngineMessage(message)) return;
      silence = 0;
      if (message.kind !== "ready") return;
      limit = silentTicks;
      resolve({ child, port: message.port });
    });
  });
}

/** Bytes this process and its children may use: the container's limit, else the machine's memory. */
function availableMemory(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 && constrained < totalmem() ? constrained : totalmem();
}
