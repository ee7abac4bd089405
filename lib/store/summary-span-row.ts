import type { SpanId } from "@/lib/ids";
import { numberColumn, type Row, textColumn, unixNanoColumn } from "@/lib/store/row";
import type { SpanKind, StatusCode } from "@/lib/trace/span";
import type { SummarySpan } from "@/lib/trace/summarize-trace";

/** Of `otel_traces`, what a summary needs; read back by summarySpanFromRow. */
export const SUMMARY_SPAN_COLUMNS =
  "SpanId, ParentSpanId, toString(toUnixTimestamp64Nano(Timestamp)) AS start_nanos, Duration, SpanName, SpanKind, ServiceName, StatusCode, IsEntry, Endpoint";

const KINDS: ReadonlySet<string> = new Set<SpanKind>([
  "Unspecified",
  "Internal",
  "Server",
  "Client",
  "Producer",
  "Consumer",
]);
const STATUSES: ReadonlySet<string> = new Set<StatusCode>(["Unset", "Ok", "Error"]);

/** Ids are as they were stored; kinds and codes that a foreign writer made up become Unspecified and Unset. */
export function summarySpanFromRow(row: Row): SummarySpan {
  const kind = textColumn(row, "SpanKind");
  const status = textColumn(row, "StatusCode");
  return {
    spanId: textColumn(row, "SpanId") as SpanId,
    parentSpanId: textColumn(row, "ParentSpanId") as SpanId | "",
    startUnixNano: unixNanoColumn(row, "start_nanos"),
    durationNs: numberColumn(row, "Duration"),
    name: textColumn(row, "SpanName"),
    kind: KINDS.has(kind) ? (kind as SpanKind) : "Unspecified",
    service: textColumn(row, "ServiceName"),
    status: STATUSES.has(status) ? (status as StatusCode) : "Unset",
    isEntry: numberColumn(row, "IsEntry") === 1,
    endpoint: textColumn(row, "Endpoint"),
  };
}
