/** OTLP over gRPC (port 4317): raw bytes in and out, so no generated code and no second decoder. */
import {
  logVerbosity,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  setLogVerbosity,
  status,
} from "@grpc/grpc-js";
import type { ByteBudget } from "@/lib/ingest/byte-budget";
import { asKnown } from "@/lib/ingest/http-server";
import { encodeExportResponse, encodeRetryStatus, GRPC_CODE } from "@/lib/ingest/otlp-response";
import type { TraceIntake } from "@/lib/ingest/trace-intake";

// What it would log reaches us as an error too, and is told once, in our words.
setLogVerbosity(logVerbosity.NONE);

export interface GrpcServerOptions {
  readonly traces: TraceIntake;
  readonly budget: ByteBudget;
  readonly maxBodyBytes: number;
}

type Handler = (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) => void;

/** @returns a server that is not yet bound */
export function createGrpcServer(options: GrpcServerOptions): Server {
  // Of compressed and decompressed messages; the client reads RESOURCE_EXHAUSTED.
  const server = new Server({ "grpc.max_receive_message_length": options.maxBodyBytes });
  const handle: Handler = (call, reply) => void exportTraces(options, call.request, reply);
  server.addService(exportMethod("trace", "TraceService"), { Export: handle });
  for (const [signal, service] of [
    ["metrics", "MetricsService"],
    ["logs", "LogsService"],
  ] as const) {
    const message = `Hotspan stores traces and profiles: ${signal} were not stored.`;
    const decline: Handler = (_call, reply) => reply(null, encodeExportResponse("protobuf", 0, message));
    server.addService(exportMethod(signal, service), { Export: decline });
  }
  return server;
}

/** @throws Error with one sentence when the port cannot be had */
export function bindGrpcServer(server: Server, host: string, port: number): Promise<number> {
  const address = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
}

async function exportTraces(
  options: GrpcServerOptions,
  body: Buffer,
  reply: sendUnaryData<Buffer>,
): Promise<void> {
  const lease = options.budget.lease();
  try {
    lease.take(body.length);
    const receipt = await options.traces.accept(body, "protobuf", "", lease);
    reply(null, encodeExportResponse("protobuf", receipt.rejectedSpans, receipt.message));
  } catch (error) {
    const known = asKnown(error);
    const code = GRPC_CODE[known.code];
    const metadata = new Metadata();
    if (code === status.UNAVAILABLE) {
      const details = encodeRetryStatus(code, known.message, known.retryAfterSeconds ?? 2);
      metadata.set("grpc-status-details-bin", details);
    }
    reply({ code, details: known.message, metadata });
  } finally {
    lease.release();
  }
}

function exportMethod(signal: string, service: string): ServiceDefinition {
  const same = (bytes: Buffer) => bytes;
  return {
    Export: {
      path: `/opentelemetry.proto.collector.${signal}.v1.${service}/Export`,
      requestStream: false,
      responseStream: false,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    },
  };
}
