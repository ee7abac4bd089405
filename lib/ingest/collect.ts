/**
 * `npm run collect -- --config collector.yaml`: the collector alone, beside the services it reads, pushing what it scrapes to
 * the Hotspan that its file names. It keeps nothing on disk.
 */
import { createCollector } from "@/lib/collector/collector";
import { readCollectorFile } from "@/lib/collector/collector-file";
import { fetchTarget } from "@/lib/collector/fetch-target";
import { createGuard } from "@/lib/collector/guard-target";
import { createMemoryLedger } from "@/lib/collector/memory-ledger";
import { createPushQueue } from "@/lib/collector/push-queue";
import { readConfig } from "@/lib/config";
import { createPushSink } from "@/lib/ingest/push-sink";
import { pause } from "@/lib/pause";

const stopping = new AbortController();
process.on("SIGTERM", () => stopping.abort());
process.on("SIGINT", () => stopping.abort());
const log = (line: string) => process.stdout.write(`${line}\n`);

try {
  await collect();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

async function collect(): Promise<void> {
  const path = readArgument("--config");
  if (path === undefined) throw new Error("Name a file: npm run collect -- --config collector.yaml");
  const file = await readCollectorFile(path);
  if (file.push === undefined) {
    throw new Error(
      `${path}: push is missing: the address of the Hotspan to push to, such as http://hotspan:3000`,
    );
  }
  const config = readConfig();
  const clock = { now: () => Date.now(), random: Math.random, wait: pause };
  const queue = createPushQueue({ url: file.push, clock, log });
  const collector = createCollector({
    guard: createGuard(config.collectAllow ?? file.allow),
    clock,
    sink: createPushSink(queue, config.maxBodyBytes),
    ledger: createMemoryLedger(file.targets, queue.report, log),
    fetch: fetchTarget,
    log,
  });
  log(`Collecting from ${file.targets.length} targets, pushing to ${file.push}`);
  // The queue ends after the collector: what that ends with is sent too.
  const drained = new AbortController();
  const sending = queue.run(drained.signal);
  await collector.run(stopping.signal);
  drained.abort();
  await sending;
}

/** `--config x` or `--config=x`. */
function readArgument(name: string): string | undefined {
  const at = process.argv.findIndex((argument) => argument === name || argument.startsWith(`${name}=`));
  const found = process.argv[at];
  if (at === -1 || found === undefined) return undefined;
  return found.includes("=") ? found.slice(name.length + 1) : process.argv[at + 1];
}
