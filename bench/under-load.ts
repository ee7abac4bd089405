/** The calls that pages make, while 20,000 spans a second arrive; and what taking them in costs. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Figure, spreadOf } from "./figure";
import type { GeneratedStore } from "./generate-store";
import type { Hotspan } from "./hotspan";
import type { SenderReport } from "./otlp-sender";
import { pageCalls } from "./page-queries";

const RATE = 20_000;
/** Between the pages that one reader opens. */
const READ_MS = 500;
const READERS = 2;

export async function measureUnderLoad(
  root: string,
  hotspan: Hotspan,
  store: GeneratedStore,
  traceIds: readonly string[],
  seconds: number,
): Promise<Figure[]> {
  const group = `${store.samples / 1e6} M samples, ${RATE.toLocaleString("en")} spans/s arriving`;
  const open = pageCalls(store, traceIds);
  for (let round = 0; round < 8; round++) for (const path of open(round)) await hotspan.get(path);

  const sender = spawn(
    process.execPath,
    [
      fileURLToPath(new URL("./bench-otlp-sender.mjs", import.meta.url)),
      root,
      hotspan.otlpUrl,
      String(RATE),
      String(seconds),
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const output = listen(sender);
  await output.ready;
  const before = hotspan.processes();
  const began = performance.now();
  const times: number[] = [];
  const timesOf = new Map<string, number[]>();
  const deadline = began + seconds * 1_000;
  const read = async (reader: number) => {
    for (let round = reader * 2; performance.now() < deadline; round++) {
      // As a page does: all at once, each call's time its own.
      await Promise.all(
        open(round).map(async (path) => {
          const asked = performance.now();
          await hotspan.get(path);
          const took = performance.now() - asked;
          times.push(took);
          const route = path.slice(0, path.indexOf("?") < 0 ? path.lastIndexOf("/") + 1 : path.indexOf("?"));
          timesOf.set(route, [...(timesOf.get(route) ?? []), took]);
        }),
      );
      await new Promise((resolve) => setTimeout(resolve, READ_MS));
    }
  };
  await Promise.all(Array.from({ length: READERS }, (_, reader) => read(reader)));
  const report = await output.report;
  const elapsed = (performance.now() - began) / 1_000;
  const after = hotspan.processes();
  const cpu = (name: "engine" | "ingest" | "web") =>
    (after.get(name)?.cpuSeconds ?? 0) - (before.get(name)?.cpuSeconds ?? 0);
  const cores = (["engine", "ingest", "web"] as const).map(
    (name): Figure => ({
      ...{ group, name: `CPU of ${name}`, unit: "cores", value: cpu(name) / elapsed },
    }),
  );
  const spread = spreadOf(times);
  return [
    {
      group,
      name: "spans acknowledged",
      unit: "spans/s",
      value: report.acknowledgedPerSecond,
      ratio: report.acknowledgedPerSecond / RATE,
      of: "what was sent",
    },
    { group, name: "spans refused or held back", unit: "count", value: report.refused + report.skipped },
    {
      group,
      name: "time to acknowledge 500 spans",
      unit: "ms",
      value: report.answerP50Ms,
      p95: report.answerP95Ms,
    },
    {
      group,
      name: "OTLP ingest, of ingest process and engine",
      unit: "spans/CPU s",
      value: report.acknowledged / Math.max(0.01, cpu("ingest") + cpu("engine")),
    },
    ...cores,
    {
      group,
      name: "pages' API calls",
      unit: "ms",
      value: spread.p50,
      p95: spread.p95,
      repetitions: spread.repetitions,
      target: "p95 < 200 ms",
      met: spread.p95 < 200,
    },
    ...[...timesOf].map(([route, own]): Figure => {
      const { p50, p95, repetitions } = spreadOf(own);
      return { group, name: route, unit: "ms", value: p50, p95, repetitions };
    }),
  ];
}

function listen(sender: ChildProcess): { ready: Promise<void>; report: Promise<SenderReport> } {
  let text = "";
  let beReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    beReady = resolve;
  });
  sender.stdout?.setEncoding("utf8").on("data", (part: string) => {
    text += part;
    if (text.includes("ready\n")) beReady();
  });
  const report = new Promise<SenderReport>((resolve, reject) => {
    sender.once("error", reject);
    sender.once("close", (code) => {
      const line = text.split("\n").find((candidate) => candidate.startsWith("{"));
      if (line === undefined) reject(new Error(`The sender ended with ${code} and no report.`));
      else resolve(JSON.parse(line) as SenderReport);
      beReady();
    });
  });
  return { ready, report };
}
