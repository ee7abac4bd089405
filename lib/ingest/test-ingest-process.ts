/** The ingest process as it is started, killed and stopped, for tests. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface IngestProcessOptions {
  /** Of the engine. */
  readonly storeUrl: string;
  /** Of the catalogue alone. */
  readonly dataDir: string;
  readonly httpPort: number;
  readonly grpcPort: number;
}

export function startIngestProcess(
  { dataDir, grpcPort, httpPort, storeUrl }: IngestProcessOptions,
  env: Record<string, string> = {},
): ChildProcess {
  const script = fileURLToPath(new URL("../../dist/ingest.mjs", import.meta.url));
  return fork(script, {
    env: {
      ...process.env,
      HOTSPAN_ENGINE_URL: storeUrl,
      HOTSPAN_DATA: dataDir,
      HOTSPAN_OTLP_HTTP_PORT: String(httpPort),
      HOTSPAN_OTLP_GRPC_PORT: String(grpcPort),
      HOTSPAN_SAMPLE_DATA: "off",
      ...env,
    },
    silent: true,
  });
}

/** @throws Error when it ends instead */
export async function untilReady(process_: ChildProcess, url: string): Promise<void> {
  while (process_.exitCode === null && process_.signalCode === null) {
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("The ingest process ended.");
}

/** @returns its exit code or signal, and what it wrote to stderr from now on */
export async function endProcess(
  process_: ChildProcess | undefined,
  signal?: NodeJS.Signals,
): Promise<string> {
  if (process_ === undefined) return "";
  let written = "";
  process_.stderr?.on("data", (chunk) => {
    written += String(chunk);
  });
  if (process_.exitCode !== null || process_.signalCode !== null) return "ended";
  const { stderr } = process_;
  // Not "close": a channel that we disconnected ourselves never reports it.
  const gone = new Promise((resolve) => process_.once("exit", (code, by) => resolve(by ?? code)));
  const said = stderr?.closed === false ? new Promise((resolve) => stderr.once("close", resolve)) : undefined;
  if (signal !== undefined) process_.kill(signal);
  const ending = await gone;
  await said;
  return `${ending} ${written}`.trim();
}
