/** A program that uses the helper, in a process of its own. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface Report {
  readonly stats: {
    readonly captures: number;
    readonly profiles: { readonly stored: number; readonly dropped: number; readonly queued: number };
    readonly spanBatches: { readonly stored: number; readonly dropped: number };
  };
  readonly profiling: boolean;
  readonly tracing: boolean;
  readonly warnings: readonly string[];
  /** What else the program has to say. */
  readonly extra?: unknown;
}

export interface Program {
  readonly child: ChildProcess;
  readonly port: number;
  readonly ask: (what: "flush" | "shutdown") => Promise<Report>;
  /** Asks the endpoints in turn, four at a time, and waits for the answers. */
  readonly load: (requests: number) => Promise<void>;
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export function startChild(name: string, options: object, node = process.execPath): ChildProcess {
  return fork(fileURLToPath(new URL(`./programs/${name}`, import.meta.url)), {
    execPath: node,
    execArgv: [],
    env: { ...process.env, NODE_OPTIONS: "", ARGUMENTS: JSON.stringify(options) },
  });
}

/** @param options of startHotspan */
export async function startProgram(name: string, options: object, node?: string): Promise<Program> {
  const child = startChild(name, options, node);
  const exit = once(child, "exit").then(([code, signal]) => ({ code, signal }));
  const { port } = (await said(child, (message) => "port" in message)) as { port: number };
  let asked = 0;
  return {
    child,
    port,
    exit,
    ask: async (what) => {
      const answer = said(child, (message) => "done" in message && message.done === what);
      child.send(what);
      return (await answer) as Report;
    },
    load: async (requests) => {
      const until = asked + requests;
      const worker = async () => {
        while (asked < until) {
          const number = asked++;
          const path = number % 2 === 0 ? `checkout/${number}` : `search/word-${number}`;
          const answer = await fetch(`http://127.0.0.1:${port}/${path}`);
          await answer.arrayBuffer();
        }
      };
      await Promise.all([worker(), worker(), worker(), worker()]);
    },
  };
}

function said(child: ChildProcess, wanted: (message: object) => boolean): Promise<object> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown) => {
      if (typeof message !== "object" || message === null || !wanted(message)) return;
      child.off("message", onMessage);
      resolve(message);
    };
    child.on("message", onMessage);
    child.once("exit", (code, signal) => reject(new Error(`The program ended: ${code ?? signal}.`)));
  });
}
