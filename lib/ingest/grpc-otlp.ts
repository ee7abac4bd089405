/** OTLP over gRPC: the export methods of each signal. */
import type { ByteLease } from "@/lib/ingest/byte-budget";
import { declined } from "@/lib/ingest/door-otlp";
import { encodeExportResponse } from "@/lib/ingest/otlp-response";
import type { ProfileIntake } from "@/lib/ingest/profile-intake";
import type { TraceIntake } from "@/lib/ingest/trace-intake";
import { unixNanoFromMillis } from "@/lib/units";

/** One unary method: raw bytes in and out, so no generated code and no second decoder. */
export interface GrpcMethod {
  /** `/package.Service/Method` */
  readonly path: string;
  /** @returns the encoded response; what it throws becomes a status */
  readonly receive: (body: Buffer, lease: ByteLease) => Promise<Buffer>;
}

export function exportTraces(traces: TraceIntake): GrpcMethod {
  return {
    path: exportPath("trace", "TraceService"),
    receive: async (body, lease) => {
      const receipt = await traces.accept(body, "protobuf", "", lease);
      return encodeExportResponse("protobuf", receipt.rejectedSpans, receipt.message);
    },
  };
}

export function declinedExport(signal: "metrics" | "logs"): GrpcMethod {
  return {
    path: exportPath(signal, signal === "logs" ? "LogsService" : "MetricsService"),
    receive: async () => encodeExportResponse("protobuf", 0, declined(signal)),
  };
}

/** Experimental, as the signal is: see otlp-profiles.ts. */
export function exportProfiles(profiles: ProfileIntake): GrpcMethod {
  return {
    path: exportPath("profiles", "ProfilesService", "v1development"),
    receive: async (bytes, lease) => {
      const receivedUnixNano = unixNanoFromMillis(Date.now());
      const upload = { bytes, encoding: "protobuf", receivedUnixNano, source: "" } as const;
      const { message, rejectedProfiles } = await profiles.acceptOtlp(upload, lease);
      return encodeExportResponse("protobuf", rejectedProfiles, message, "profiles");
    },
  };
}

function exportPath(signal: string, service: string, version = "v1"): string {
  return `/opentelemetry.proto.collector.${signal}.${version}.${service}/Export`;
}
