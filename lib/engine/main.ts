/** The engine process: opens the store's directory and serves it on loopback until its parent goes away. */
import { mkdirSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openSessions } from "./chdb-sessions";
import { formatEngineConfig } from "./engine-config";
import { describeException } from "./exceptions";
import { Execution } from "./execution";
import { createEngineServer } from "./http-server";
import { leftoverFile } from "./leftover";
import { type EngineMessage, engineEnvironment } from "./messages";
import { identityOf } from "./process-identity";

const beatMs = 500;
const memoryLimitExceeded = 241;

/** libchdb's handlers keep a process that calls exit() or abort() alive for minutes; nothing holds SIGKILL up. */
function die(): never {
  process.kill(process.pid, "SIGKILL");
  throw new Error("unreachable");
}

function tell(message: EngineMessage): void {
  process.send?.(message, undefined, undefined, (error) => {
    if (error !== null) die(); // the parent is gone
  });
}

process.on("disconnect", die);

const env = process.env;
const dataDir = env[engineEnvironment.dataDir];
const secret = env[engineEnvironment.secret];
if (dataDir === undefined || secret === undefined) {
  throw new Error("The engine is started by Hotspan, not by hand.");
}
const memory = Number(env[engineEnvironment.memory]);

mkdirSync(dataDir, { recursive: true });
const configFile = join(dataDir, "engine.xml");
writeFileSync(configFile, formatEngineConfig());
writeFileSync(join(dataDir, leftoverFile), JSON.stringify(identityOf(process.pid)));
const sessions = await openSessions(dataDir, [
  `--max_server_memory_usage=${memory}`,
  `--config-file=${configFile}`,
]);
// With the probe and a KILL they fit the 16 threads that native calls run on (UV_THREADPOOL_SIZE).
const execution = new Execution(
  sessions,
  { readers: 10, writers: 4, waiting: 200, maxMemory: Math.floor(memory / 2), maxResultBytes: 268_435_456 },
  (reason) => {
    process.stderr.write(`${reason}\n`);
    die();
  },
);
const server = createEngineServer(execution, secret);
server.listen(Number(env[engineEnvironment.port] ?? 0), "127.0.0.1", () => {
  tell({ kind: "ready", port: (server.address() as AddressInfo).port });
});

let stopping = false;
const stop = async () => {
  if (stopping) return;
  stopping = true;
  server.close();
  await execution.drain(3_000);
  die(); // every acknowledged row is on disk already
};
process.on("SIGTERM", () => void stop());

// A beat says that the library answers, not only that JavaScript runs. Being out of memory is an answer; others
// (the library is shutting itself down) are not.
for (;;) {
  const answers = await execution.probe().then(
    () => true,
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      return describeException(error).code === memoryLimitExceeded;
    },
  );
  if (answers) tell({ kind: "beat" });
  await sleep(beatMs);
}
