import type { SpanId, TraceId } from "@/lib/ids";
import type { Span, SpanKind } from "@/lib/trace/span";
import { unixNano } from "@/lib/units";

const LINE =
  /^( *)(?:(\w+)\/)?(\S+) (-?[\d.]+)\.\.(-?[\d.]+)(?: (Server|Client|Producer|Consumer))?( !)?(?: <(\w+))?$/;

/**
 * Reads a trace drawn as text: one span a line, indented below its parent, `[service/]name start..end [kind] [!] [<parent]`
 * in milliseconds. `!` is an error; `<x` names another parent than the indentation does. The name is the span id.
 */
export function readDrawnTrace(drawing: string, traceId = "a".repeat(32)): Span[] {
  const spans: Span[] = [];
  const above: { indent: number; span: Span }[] = [];
  for (const line of drawing.split("\n").filter((text) => text.trim() !== "")) {
    const match = LINE.exec(line);
    if (match === null) throw new Error(`Not a drawn span: ${line}`);
    const [, indentation = "", service, name = "", from = "", to = "", kind, error, parentName] = match;
    while ((above.at(-1)?.indent ?? -1) >= indentation.length) above.pop();
    const parent = above.at(-1)?.span;
    const parentSpanId = parentName ?? parent?.spanId ?? "";
    const isEntry = kind === "Server" || kind === "Consumer" || parentSpanId === "";
    const span: Span = {
      traceId: traceId as TraceId,
      spanId: name as SpanId,
      parentSpanId: parentSpanId as SpanId | "",
      traceState: "",
      name,
      kind: (kind as SpanKind | undefined) ?? "Internal",
      service: service ?? parent?.service ?? "shop",
      startUnixNano: unixNano(BigInt(Math.round(Number(from) * 1e6)) + 1_790_000_000_000_000_000n),
      durationNs: Math.round((Number(to) - Number(from)) * 1e6),
      status: error === undefined ? "Unset" : "Error",
      statusMessage: "",
      attributes: new Map(),
      resource: new Map(),
      scopeName: "",
      scopeVersion: "",
      events: [],
      links: [],
      isEntry,
      endpoint: isEntry ? name : "",
    };
    above.push({ indent: indentation.length, span });
    spans.push(span);
  }
  return spans;
}
