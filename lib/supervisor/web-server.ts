import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config";

/**
 * How to start the web process: the standalone server that `next build` left, or `next dev`.
 * @throws Error when nothing was built yet
 */
export function findWebServer(
  root: string,
  config: Config,
  isDev: boolean,
): { script: string; args: readonly string[]; cwd: string } {
  if (isDev) {
    const args = ["dev", "--port", String(config.port), "--hostname", config.host];
    return { script: join(root, "node_modules/next/dist/bin/next"), args, cwd: root };
  }
  const standalone = join(root, process.env.HOTSPAN_NEXT_DIST ?? ".next", "standalone");
  const script = join(standalone, "server.js");
  if (!existsSync(script)) throw new Error("The pages are not built yet: run npm start.");
  return { script, args: [], cwd: standalone };
}
