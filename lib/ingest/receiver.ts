import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { availableParallelism } from "node:os";
import { HotspanError } from "@/lib/errors";
import { createByteBudget } from "@/lib/ingest/byte-budget";
import { createDecodePool } from "@/lib/ingest/decode-pool";
import { grpcMethods, httpDoors } from "@/lib/ingest/doors";
import { bindGrpcServer, createGrpcServer } from "@/lib/ingest/grpc-server";
import { createIngestServer } from "@/lib/ingest/http-server";
import { createProfileIntake, type InsertProfile } from "@/lib/ingest/profile-intake";
import { createTraceIntake } from "@/lib/ingest/trace-intake";

export interface ReceiverOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly maxBodyBytes: number;
  readonly workerScript: URL;
  readonly insertProfile: InsertProfile;
}

export interface Receiver {
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Takes in nothing more, answers what is under way within `ms`, and closes. */
  stop(ms: number): Promise<void>;
}

/** Bodies of all requests together, in units of the largest body: what they hold, decoded rows included. */
const BUDGET_BODIES = 4;
const DECODE_MS = 5_000;

/**
 * Opens both doors. The store must be there and migrated.
 * @throws HotspanError `unavailable` with one sentence when a port cannot be had
 */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const { host, maxBodyBytes } = options;
  const budget = createByteBudget(maxBodyBytes * BUDGET_BODIES);
  const workers = Math.max(1, Math.min(2, availableParallelism() - 1));
  const pool = createDecodePool({ script: options.workerScript, workers, limitMs: DECODE_MS });
  const traces = createTraceIntake(pool);
  const profiles = createProfileIntake(pool, options.insertProfile);
  const intakes = { traces, profiles, maxBodyBytes };
  const http = createIngestServer({
    doors: httpDoors(intakes),
    budget,
    maxBodyBytes,
    health: () => ({
      status: "ok",
      spans: { ...traces.counts, queued: traces.queuedSpans() },
      profiles: profiles.counts,
      bytesHeld: budget.held(),
    }),
  });
  const grpc = createGrpcServer({ methods: grpcMethods(intakes), budget, maxBodyBytes });
  const httpPort = await listen(http, host, options.httpPort);
  const grpcPort = await bindGrpcServer(grpc, host, options.grpcPort).catch((error: unknown) => {
    http.close();
    throw portError(options.grpcPort, host, "HOTSPAN_OTLP_GRPC_PORT", error);
  });

  return {
    httpPort,
    grpcPort,
    stop: async (ms) => {
      const closed = Promise.all([
        new Promise((resolve) => {
          http.close(resolve);
          http.closeIdleConnections();
        }),
        new Promise((resolve) => grpc.tryShutdown(resolve)),
      ]);
      const deadline = new Promise((resolve) => setTimeout(resolve, ms).unref());
      // Connections end when their requests do; requests wait for their group, which drains now rather than in 150 ms.
      await Promise.race([Promise.all([traces.drain(), closed]), deadline]);
      http.closeAllConnections();
      grpc.forceShutdown();
      await pool.close();
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(portError(port, host, "HOTSPAN_OTLP_HTTP_PORT", error)));
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function portError(port: number, host: string, variable: string, error: unknown): HotspanError {
  const reason = error instanceof Error ? error.message : String(error);
  const what = reason.includes("EADDRINUSE")
    ? "is already in use by another program"
    : `on ${host} cannot be opened (${reason})`;
  return new HotspanError("unavailable", `Port ${port} ${what}. Set ${variable} to a free one.`, {
    cause: error,
  });
}
