/** Vitest's global setup: tests spawn the same bundles that `npm start` runs. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export async function setup(): Promise<void> {
  const script = fileURLToPath(new URL("../scripts/build-processes.mjs", import.meta.url));
  await promisify(execFile)(process.execPath, [script]);
}
