/** A child of the supervisor that is started again whenever it ends. */
import { type ChildProcess, fork } from "node:child_process";

export interface ProcessOptions {
  /** as the user reads it: "web", "ingest" */
  readonly name: string;
  readonly script: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string>>;
  /** pass its stdout on (its stderr always is) */
  readonly talks: boolean;
  /** module run before the script: ends the child when the supervisor is gone */
  readonly preload: string;
  readonly log: (line: string) => void;
}

export interface KeptProcess {
  readonly pid: number | undefined;
  /** settles when the process ends before `markReady` was called: a first start that failed is not retried */
  readonly failed: Promise<never>;
  /** from now on an end is an accident: log it and start again */
  markReady(): void;
  /** ends the process, so that the next one runs its new bundle */
  restart(): void;
  /** SIGTERM, SIGKILL after `ms`; resolves when it is gone */
  stop(ms: number): Promise<void>;
}

const longestPauseMs = 5_000;

export function keepProcess(options: ProcessOptions): KeptProcess {
  let ready = false;
  let stopping = false;
  let pause = 100;
  let waiting: NodeJS.Timeout | undefined;
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined); // whoever waits for readiness sees it
  let child = launch();

  function launch(): ChildProcess {
    const born = Date.now();
    const launched = fork(options.script, options.args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      execArgv: ["--import", options.preload, "--enable-source-maps"],
      stdio: ["ignore", options.talks ? "inherit" : "ignore", "pipe", "ipc"],
      detached: true, // Ctrl-C reaches a whole group; when a child ends is for the supervisor to say
    });
    let spoke = false;
    launched.stderr?.on("data", (chunk: Buffer) => {
      spoke = true;
      process.stderr.write(chunk);
    });
    launched.once("close", (code, signal) => {
      if (stopping) return;
      const ending = signal ?? `exit ${code}`;
      if (!ready) {
        // It has said why itself, if it could.
        fail(new Error(spoke ? "" : `The ${options.name} process did not start (${ending}).`));
        return;
      }
      if (Date.now() - born > 30_000) pause = 100;
      options.log(`The ${options.name} process ended (${ending}); starting it again.`);
      waiting = setTimeout(() => {
        child = launch();
      }, pause);
      pause = Math.min(pause * 2, longestPauseMs);
    });
    launched.on("error", (error) => options.log(`The ${options.name} process: ${error.message}`));
    return launched;
  }

  return {
    get pid() {
      return child.pid;
    },
    failed,
    markReady() {
      ready = true;
    },
    restart() {
      child.kill("SIGTERM");
    },
    async stop(ms) {
      stopping = true;
      clearTimeout(waiting);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), ms);
      await gone;
      clearTimeout(timer);
    },
  };
}
