import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startEngine } from "./engine-process";

export interface TestEngine {
  readonly url: string;
  readonly dataDir: string;
  /** of the process that runs now */
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/**
 * A real engine, for tests.
 * @param existing a store to open, left in place; without it a new directory
 * @returns url that `createClient({ url })` takes as it is, and the directory, removed by `stop` if it is new
 */
export async function startTestEngine(existing?: string): Promise<TestEngine> {
  const dataDir = existing ?? (await mkdtemp(join(tmpdir(), "hotspan-store-")));
  const engine = await startEngine({
    dataDir,
    script: fileURLToPath(new URL("../../dist/engine.mjs", import.meta.url)),
    log: () => undefined,
  });
  return {
    url: engine.url,
    dataDir,
    get pid() {
      return engine.pid;
    },
    async stop() {
      await engine.stop();
      if (existing === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}
