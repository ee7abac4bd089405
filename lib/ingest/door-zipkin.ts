/** Zipkin's collector API, version 2: what Brave, Spring, Istio and Envoy report to. */
import { HotspanError } from "@/lib/errors";
import { type Door, jsonReply } from "@/lib/ingest/door";
import { parseMediaType } from "@/lib/ingest/media-type";
import type { TraceIntake } from "@/lib/ingest/trace-intake";

export function zipkinDoor(traces: TraceIntake): Door {
  return {
    paths: ["/api/v2/spans"],
    cors: true, // zipkin-js reports from pages
    receive: async ({ headers, lease, readBody, sourceOf }) => {
      const type = parseMediaType(headers["content-type"]);
      if (type.includes("protobuf") || type.includes("thrift")) {
        throw new HotspanError(
          "unsupported-media-type",
          `Spans of type ${type.slice(0, 100)} are not read: let the reporter send JSON (Zipkin's encoding JSON_V2).`,
        );
      }
      const source = sourceOf(headers["x-hotspan-source"]);
      const { message, rejectedSpans } = await traces.accept(await readBody(), "zipkin", source, lease);
      // Zipkin's own answer has no body; who asks why spans are missing reads it here.
      return rejectedSpans === 0
        ? { status: 202, headers: {}, body: Buffer.alloc(0) }
        : jsonReply(202, { rejectedSpans, message });
    },
  };
}
