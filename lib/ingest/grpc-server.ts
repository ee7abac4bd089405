/** The receiver's gRPC port (4317). */
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
import { asKnown } from "@/lib/ingest/door";
import type { GrpcMethod } from "@/lib/ingest/grpc-otlp";
import { encodeRetryStatus, GRPC_CODE } from "@/lib/ingest/otlp-response";
import type { Refusals } from "@/lib/ingest/refusals";

// What it would log reaches us as an error too, and is told once, in our words.
setLogVerbosity(logVerbosity.NONE);

export interface GrpcServerOptions {
  readonly methods: readonly GrpcMethod[];
  readonly budget: ByteBudget;
  readonly refusals: Refusals;
  readonly maxBodyBytes: number;
}

type Handler = (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) => void;

/** @returns a server that is not yet bound */
export function createGrpcServer(options: GrpcServerOptions): Server {
  // Of compressed and decompressed messages; the client reads RESOURCE_EXHAUSTED.
  const server = new Server({ "grpc.max_receive_message_length": options.maxBodyBytes });
  for (const method of options.methods) {
    const call: Handler = ({ request }, reply) => void run(options, method, request, reply);
    server.addService(definitionOf(method), { call });
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

async function run(
  options: GrpcServerOptions,
  method: GrpcMethod,
  body: Buffer,
  reply: sendUnaryData<Buffer>,
): Promise<void> {
  const lease = options.budget.lease();
  try {
    lease.take(body.length);
    reply(null, await method.receive(body, lease));
  } catch (error) {
    const known = asKnown(error);
    options.refusals.count(known);
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

function definitionOf({ path }: GrpcMethod): ServiceDefinition {
  const same = (bytes: Buffer) => bytes;
  return {
    call: {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    },
  };
}
