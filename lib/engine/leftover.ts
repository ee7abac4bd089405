import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive, readIdentity } from "./process-identity";

/** In the store's directory: which engine process opened it last. */
export const leftoverFile = "engine.pid";

/**
 * Ends the engine of a parent that was killed. A healthy one ends itself when its parent goes; a frozen one would hold
 * the store for minutes. Only for a caller that holds the data folder's lock: then no engine can be another's.
 */
export async function endLeftover(dataDir: string): Promise<void> {
  const leftover = readIdentity(join(dataDir, leftoverFile));
  if (leftover === undefined || leftover.born === "") return;
  for (let tries = 0; tries < 100 && isAlive(leftover); tries++) {
    process.kill(leftover.pid, "SIGKILL");
    await sleep(20);
  }
}
