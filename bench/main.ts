/** `npm run bench`: see README.md beside this file. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { tracesResponse } from "@/lib/api/contract";
import { startEngine } from "@/lib/engine/engine-process";
import { closeStore, connectStore } from "@/lib/store/clickhouse";
import { migrateStore } from "@/lib/store/migrate";
import { measureBrowser, type TraceToOpen } from "./browser";
import { sendCapturedTrace } from "./captured-trace";
import { type Figure, printTable } from "./figure";
import { type GeneratedStore, generateStore, measureDisk } from "./generate-store";
import { type Hotspan, startHotspan } from "./hotspan";
import { measureHourOfProfiles } from "./hour-of-profiles";
import { measureOtlpDecoding } from "./otlp-decoding";
import { findTraceIds, measurePageQueries } from "./page-queries";
import { measurePprofIngest } from "./pprof-ingest";
import { readRecordedStacks } from "./recorded-stacks";
import { measureUnderLoad } from "./under-load";

export interface BenchOptions {
  /** The repository. */
  readonly root: string;
  readonly args: readonly string[];
  /** Finds a Chromium, or rejects with one sentence. */
  readonly findChromium: () => Promise<string>;
}

const SECTIONS = ["decode", "queries", "hour", "browser", "load"] as const;
type Section = (typeof SECTIONS)[number];

/** Measures, prints the table to stderr and returns what is printed as JSON. */
export async function runBench({ args, findChromium, root }: BenchOptions): Promise<object> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      size: { type: "string", multiple: true, default: ["1M", "10M"] },
      quick: { type: "boolean", default: false },
      only: { type: "string", default: SECTIONS.join(",") },
      port: { type: "string", default: "29000" },
    },
  });
  const quick = values.quick;
  const wanted = new Set(values.only.split(",").map(parseSection));
  const sizes = quick ? [200_000] : values.size.map(parseSize);
  const recorded = readRecordedStacks(root);
  const figures: Figure[] = [];
  const add = (found: readonly Figure[]) => {
    figures.push(...found);
    process.stderr.write(`${printTable(found)}\n\n`);
  };
  if (wanted.has("decode")) add([...measurePprofIngest(root, quick ? 8 : 40), ...measureOtlpDecoding(root)]);

  for (const samples of [...sizes].sort((left, right) => left - right)) {
    if (!SECTIONS.some((section) => section !== "decode" && wanted.has(section))) break;
    const isLargest = samples === Math.max(...sizes);
    const folder = mkdtempSync(join(tmpdir(), "hotspan-bench-"));
    let hotspan: Hotspan | undefined;
    const endAll = async () => {
      await hotspan?.stop();
      rmSync(folder, { recursive: true, force: true });
    };
    const interrupt = () => void endAll().then(() => process.exit(130));
    process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
    try {
      const { disk, store } = await makeStore(join(folder, "data"), recorded, samples);
      add(disk);
      hotspan = await startHotspan(root, join(folder, "data"), Number(values.port));
      add(memory(hotspan, store, "after the start"));
      if (wanted.has("queries")) {
        add(await measurePageQueries(hotspan, store, recorded.endpointNames, quick));
        add(memory(hotspan, store, "after these queries"));
      }
      if (!isLargest) continue;
      if (wanted.has("hour"))
        add(await measureHourOfProfiles(hotspan, recorded, hourBefore(store), join(folder, "hour")));
      if (wanted.has("browser")) {
        const traces = [await findBusyTrace(hotspan), await sendCapturedTrace(hotspan, recorded)];
        add(await measureBrowser(root, await findChromium(), hotspan, traces, quick ? 2 : 7));
      }
      if (wanted.has("load")) {
        add(await measureUnderLoad(root, hotspan, store, await findTraceIds(hotspan, store), quick ? 5 : 30));
        add(memory(hotspan, store, "after 20,000 spans/s"));
      }
    } finally {
      process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
      await endAll();
    }
  }
  process.stderr.write(`${printTable(figures)}\n`);
  return { measuredAt: new Date().toISOString(), node: process.version, figures };
}

async function makeStore(
  dataDir: string,
  recorded: ReturnType<typeof readRecordedStacks>,
  samples: number,
): Promise<{ store: GeneratedStore; disk: Figure[] }> {
  process.stderr.write(`Making a store of ${samples.toLocaleString("en")} samples ...\n`);
  const script = new URL("./engine.mjs", import.meta.url).pathname;
  const engine = await startEngine({ dataDir: join(dataDir, "store"), script, log: () => undefined });
  connectStore(engine.url);
  try {
    await migrateStore({ storeKind: "embedded", retentionDays: undefined });
    const store = await generateStore(recorded, samples);
    const tables = await measureDisk();
    const group = `${samples / 1e6} M samples`;
    const perRow = (name: string, table: string, rows: number): Figure => ({
      ...{ group, name, unit: "bytes", value: (tables.get(table)?.bytes ?? 0) / rows },
    });
    return {
      store,
      disk: [
        perRow("on disk per sample", "samples", samples),
        perRow("on disk per span", "otel_traces", store.spans),
        perRow("on disk per trace of the list", "traces", store.spans / 10),
        perRow("on disk per distinct stack", "stacks", tables.get("stacks")?.rows ?? 1),
      ],
    };
  } finally {
    await closeStore();
    await engine.stop();
  }
}

function memory(hotspan: Hotspan, store: GeneratedStore, when: string): Figure[] {
  return [...hotspan.processes()].map(([name, { residentBytes }]) => ({
    ...{ group: `${store.samples / 1e6} M samples`, name: `resident memory of ${name}, ${when}`, unit: "MB" },
    value: residentBytes / 1e6,
  }));
}

/** A whole hour in which the made store has nothing. */
function hourBefore({ start }: GeneratedStore): bigint {
  return start - 2n * 3_600_000_000_000n;
}

async function findBusyTrace(hotspan: Hotspan): Promise<TraceToOpen> {
  const list = "from=now-24h&sort=-samples";
  const { traces } = tracesResponse.parse(JSON.parse(await hotspan.get(`/api/v1/traces?${list}&limit=1`)));
  const trace = traces[0];
  if (trace === undefined) throw new Error("The store has no trace with samples.");
  return { name: `a trace of ${trace.sampleCount} samples`, traceId: trace.traceId, list };
}

function parseSize(text: string): number {
  const millions = /^(\d{1,4})M$/.exec(text)?.[1];
  if (millions === undefined || Number(millions) < 1)
    throw new Error(`--size ${text} is not usable: 1M, 10M, 50M, ...`);
  return Number(millions) * 1_000_000;
}

function parseSection(name: string): Section {
  const section = SECTIONS.find((known) => known === name);
  if (section === undefined) throw new Error(`--only ${name} is unknown: ${SECTIONS.join(", ")}.`);
  return section;
}
