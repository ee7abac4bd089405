/** The one place that reads and checks the environment. A wrong value stops the start with one sentence. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";

const port = (fallback: number) => z.coerce.number().int().min(1).max(65_535).default(fallback);

const environment = z.object({
  PORT: port(3000),
  HOST: z.string().min(1).default("127.0.0.1"),
  HOTSPAN_DATA: z.string().min(1).default("./data"),
  HOTSPAN_OTLP_HTTP_PORT: port(4318),
  HOTSPAN_OTLP_GRPC_PORT: port(4317),
  HOTSPAN_SAMPLE_DATA: z.enum(["auto", "off"]).default("auto"),
  HOTSPAN_MAX_BODY_BYTES: z.coerce.number().int().min(1_024).max(1_073_741_824).default(67_108_864),
  HOTSPAN_MAX_QUEUED_BATCHES: z.coerce.number().int().min(1).max(1_000_000).default(10_000),
  HOTSPAN_COLLECTOR_CONFIG: z.string().min(1).optional(),
  HOTSPAN_COLLECT_ALLOW: z
    .string()
    .transform((text) => text.split(",").map((entry) => entry.trim()))
    .optional(),
  HOTSPAN_RETENTION_DAYS: z.coerce.number().int().min(1).max(3_650).optional(),
  HOTSPAN_WATCH: z.string().optional(),
  HOTSPAN_WATCH_SERVICE: z.string().max(256).optional(),
  CLICKHOUSE_URL: z.url({ protocol: /^https?$/ }).optional(),
  HOTSPAN_CATALOGUE_URL: z
    .string()
    .regex(/^(file|libsql|https?|wss?):/)
    .optional(),
  /** Set by the supervisor for its children, not by users. */
  HOTSPAN_ENGINE_URL: z.url().optional(),
  /** The same, and by who runs the pages on a machine of their own. */
  HOTSPAN_INGEST_URL: z.url().optional(),
});

export interface Config {
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  readonly otlpHttpPort: number;
  readonly otlpGrpcPort: number;
  readonly sampleData: "auto" | "off";
  /** Limit on a request's body, compressed and decompressed, in bytes. */
  readonly maxBodyBytes: number;
  /** Requests that may wait to be stored before others are answered 429. */
  readonly maxQueuedBatches: number;
  /** The collector's YAML file, absolute. */
  readonly collectorFile: string | undefined;
  /** Hosts, addresses and networks that the collector may reach; undefined: all but those that nobody scrapes. */
  readonly collectAllow: readonly string[] | undefined;
  /** undefined keeps everything. */
  readonly retentionDays: number | undefined;
  /** Absolute paths of folders whose files are taken in as they appear. */
  readonly watchFolders: readonly string[];
  /** Whose profiles those are that neither sub-folder nor name tells; "" when that is not said. */
  readonly watchService: string;
  /** The ClickHouse server or the embedded engine; undefined in the supervisor before the engine has a port. */
  readonly clickhouseUrl: string | undefined;
  readonly storeKind: "embedded" | "remote";
  readonly catalogueUrl: string;
  /** Where the web process forwards what it receives. */
  readonly ingestUrl: string;
}

/**
 * @throws Error with one sentence that names the variable and what is wrong with it
 */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const set = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = environment.safeParse(set);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const name = String(issue?.path[0] ?? "environment");
    const value = name.endsWith("_URL") ? withoutSecrets(set[name] ?? "") : set[name];
    throw new Error(`${name}=${value} is not usable: ${issue?.message ?? "unknown reason"}.`);
  }
  const value = parsed.data;
  const dataDir = resolve(value.HOTSPAN_DATA);
  return {
    port: value.PORT,
    host: value.HOST,
    dataDir,
    otlpHttpPort: value.HOTSPAN_OTLP_HTTP_PORT,
    otlpGrpcPort: value.HOTSPAN_OTLP_GRPC_PORT,
    sampleData: value.HOTSPAN_SAMPLE_DATA,
    maxBodyBytes: value.HOTSPAN_MAX_BODY_BYTES,
    maxQueuedBatches: value.HOTSPAN_MAX_QUEUED_BATCHES,
    collectorFile:
      value.HOTSPAN_COLLECTOR_CONFIG === undefined ? undefined : resolve(value.HOTSPAN_COLLECTOR_CONFIG),
    collectAllow: value.HOTSPAN_COLLECT_ALLOW,
    retentionDays: value.HOTSPAN_RETENTION_DAYS,
    watchFolders: splitFolders(value.HOTSPAN_WATCH ?? ""),
    watchService: value.HOTSPAN_WATCH_SERVICE?.trim() ?? "",
    clickhouseUrl: value.CLICKHOUSE_URL ?? value.HOTSPAN_ENGINE_URL,
    storeKind: value.CLICKHOUSE_URL === undefined ? "embedded" : "remote",
    // A URL, so that a folder may be called what it likes ("50% #1").
    catalogueUrl: value.HOTSPAN_CATALOGUE_URL ?? pathToFileURL(resolve(dataDir, "catalogue.db")).href,
    ingestUrl:
      value.HOTSPAN_INGEST_URL ?? `http://${connectableHost(value.HOST)}:${value.HOTSPAN_OTLP_HTTP_PORT}`,
  };
}

/** Folders as PATH lists them, or with commas. */
function splitFolders(list: string): string[] {
  const folders = list.split(/[:,]/).map((folder) => folder.trim());
  return [...new Set(folders.filter((folder) => folder !== "").map((folder) => resolve(folder)))];
}

/** Where this machine reaches a server that listens on `host`, as it stands in a URL. */
export function connectableHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

/** A url as it may be shown and logged: without user, password and query, where tokens stand. */
export function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^/]*@/, "//").replace(/\?.*$/s, "");
}
