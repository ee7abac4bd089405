import type { TimeRange } from "@/lib/api/query";
import { queryRows } from "@/lib/store/clickhouse";
import { textColumn } from "@/lib/store/row";

/** A service does not change its language: asked once, of one span, because attributes are the widest columns. */
const languages = new Map<string, string>();
const MOST_LANGUAGES = 1_000;

/** @returns telemetry.sdk.language by service, "" when its spans do not tell. @param services that have spans in the range */
export async function findLanguages(
  services: readonly string[],
  range: Required<TimeRange>,
  signal?: AbortSignal,
): Promise<Map<string, string>> {
  const unknown = services.filter((name) => !languages.has(name));
  if (unknown.length > 0) {
    const among = `ServiceName IN {services:Array(String)}
      AND Timestamp >= fromUnixTimestamp64Nano({from:Int64}) AND Timestamp < fromUnixTimestamp64Nano({to:Int64})`;
    const rows = await queryRows(
      `SELECT ServiceName AS service, any(ResourceAttributes['telemetry.sdk.language']) AS language FROM otel_traces
       WHERE ${among} AND (ServiceName, Timestamp) IN (SELECT ServiceName, max(Timestamp) FROM otel_traces WHERE ${among} GROUP BY ServiceName)
       GROUP BY service`,
      { services: unknown, from: String(range.from), to: String(range.to) },
      { signal },
    );
    if (languages.size + rows.length > MOST_LANGUAGES) languages.clear();
    for (const row of rows) {
      const language = textColumn(row, "language");
      if (language !== "") languages.set(textColumn(row, "service"), language);
    }
  }
  return new Map(services.map((name) => [name, languages.get(name) ?? ""]));
}
