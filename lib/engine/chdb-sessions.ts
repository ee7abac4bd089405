/**
 * The only file that touches chdb. A session lives for one request: opening one on a path that is already open
 * takes 0.1 ms, and nothing can pass from one request to the next: neither the rows of a failed query (which
 * chdb keeps in the session and hands to its next query), nor settings, nor parameters.
 */
import { EngineException } from "./exceptions";

export interface NativeResult {
  readonly rowsRead: number;
  bytes(): Uint8Array;
}
export interface NativeInsertSummary {
  readonly rowsWritten: number;
  readonly bytesWritten: number;
}
export type InsertFormat =
  | "JSONEachRow"
  | "JSONCompactEachRow"
  | "TabSeparated"
  | "TabSeparatedWithNames"
  | "CSV"
  | "CSVWithNames";

export interface Session {
  queryAsync(sql: string, options: { format: string }): Promise<NativeResult>;
  insert(rows: {
    table: string;
    values: Buffer;
    format: InsertFormat;
    columns?: readonly string[];
  }): Promise<NativeInsertSummary>;
  close(): void;
}

export interface Sessions {
  open(): Session;
  close(): void;
}

const insertFormats: ReadonlyMap<string, InsertFormat> = new Map([
  ["jsoneachrow", "JSONEachRow"],
  ["jsoncompacteachrow", "JSONCompactEachRow"],
  ["tabseparated", "TabSeparated"],
  ["tsv", "TabSeparated"],
  ["tabseparatedwithnames", "TabSeparatedWithNames"],
  ["tsvwithnames", "TabSeparatedWithNames"],
  ["csv", "CSV"],
  ["csvwithnames", "CSVWithNames"],
] as const);

/** @throws EngineException for a format that cannot be inserted as raw bytes */
export function parseInsertFormat(name: string): InsertFormat {
  const format = insertFormats.get(name.toLowerCase());
  if (format === undefined) {
    throw new EngineException(73, "UNKNOWN_FORMAT", `Rows cannot be inserted as ${name} here.`);
  }
  return format;
}

/**
 * Opens the store and keeps it open until `close`.
 * @param path absolute directory of the store, made when missing
 * @param args the engine's command line, effective for the whole process
 * @throws Error when the library is missing or the directory cannot be opened; the engine tells why on stderr only
 */
export async function openSessions(path: string, args: readonly string[]): Promise<Sessions> {
  const { Session } = await import("chdb");
  // While one connection lives, the directory stays loaded; requests come and go beside it.
  const keeper = new Session(path, { connectionArgs: args });
  return {
    open: () => new Session(path),
    close: () => keeper.close(),
  };
}
