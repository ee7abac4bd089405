import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { availableParallelism } from "node:os";
import { HotspanError } from "@/lib/errors";
import { type ByteBudget, createByteBudget } from "@/lib/ingest/byte-budget";
import { createDecodePool } from "@/lib/ingest/decode-pool";
import type { Door } from "@/lib/ingest/door";
import { grpcMethods, httpDoors } from "@/lib/ingest/doors";
import { bindGrpcServer, createGrpcServer } from "@/lib/ingest/grpc-server";
import { createIngestServer } from "@/lib/ingest/http-server";
import { createImportIntake, type ImportIntake } from "@/lib/ingest/import-intake";
import {
  createProfileIntake,
  type InsertProfile,
  type InsertProfiles,
  type ProfileIntake,
} from "@/lib/ingest/profile-intake";
import { createRefusals } from "@/lib/ingest/refusals";
import { createTraceIntake } from "@/lib/ingest/trace-intake";
import { NO_SAMPLING, type Sampler } from "@/lib/store/run-sampler";
import { unixNanoFromMillis } from "@/lib/units";

export interface ReceiverOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly maxBodyBytes: number;
  readonly workerScript: URL;
  readonly insertProfile: InsertProfile;
  readonly insertProfiles?: InsertProfiles;
  /** Absent keeps every trace. */
  readonly sampler?: Pick<Sampler, "isOn" | "counts">;
  /** Requests that may wait to be stored before others are refused; absent: 10,000. */
  readonly maxQueuedBatches?: number;
  /** What else the HTTP port takes. */
  readonly moreDoors?: readonly Door[];
  /** What else `GET /health` of the receiver says, by name. */
  readonly moreHealth?: () => Readonly<Record<string, unknown>>;
}

export interface Receiver {
  readonly httpPort: number;
  readonly grpcPort: number;
  /** For files that are found rather than sent; they share the requests' memory. */
  readonly imports: ImportIntake;
  /** For profiles that are fetched rather than sent. */
  readonly profiles: ProfileIntake;
  readonly budget: ByteBudget;
  /** Takes in nothing more, answers what is under way within `ms`, and closes. */
  stop(ms: number): Promise<void>;
}

/** Bodies of all requests together, in units of the largest body: what they hold, decoded rows included. */
const BUDGET_BODIES = 4;
const DECODE_MS = 5_000;
const MAX_QUEUED_BATCHES = 10_000;

/**
 * Opens both doors. The store must be there and migrated.
 * @throws HotspanError `unavailable` with one sentence when a port cannot be had
 */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const { host, maxBodyBytes } = options;
  const startedUnixNano = String(unixNanoFromMillis(Date.now()));
  const budget = createByteBudget(maxBodyBytes * BUDGET_BODIES);
  const workers = Math.max(1, Math.min(2, availableParallelism() - 1));
  const pool = createDecodePool({ script: options.workerScript, workers, limitMs: DECODE_MS });
  const sampler = options.sampler ?? NO_SAMPLING;
  const maxQueuedBatches = options.maxQueuedBatches ?? MAX_QUEUED_BATCHES;
  const traces = createTraceIntake(pool, { sampler, maxQueuedBatches });
  const refusals = createRefusals();
  const oneByOne: InsertProfiles = async (all) => {
    for (const rows of all) await options.insertProfile(rows);
  };
  const insertMany = options.insertProfiles ?? oneByOne;
  const profiles = createProfileIntake(pool, options.insertProfile, insertMany);
  const imports = createImportIntake({ pool, traces, profiles, maxBodyBytes });
  const intakes = { traces, profiles, imports, pool, maxBodyBytes };
  const http = createIngestServer({
    doors: [...httpDoors(intakes), ...(options.moreDoors ?? [])],
    budget,
    refusals,
    maxBodyBytes,
    health: () => ({
      status: "ok",
      startedUnixNano,
      spans: { ...traces.counts, queued: traces.queuedSpans() },
      queuedBatches: traces.queuedBatches(),
      maxQueuedBatches,
      profiles: profiles.counts,
      refusals: refusals.list(),
      sampling: { isOn: sampler.isOn(), ...sampler.counts },
      bytesHeld: budget.held(),
      ...options.moreHealth?.(),
    }),
  });
  const grpc = createGrpcServer({ methods: grpcMethods(intakes), budget, refusals, maxBodyBytes });
  const httpPort = await listen(http, host, options.httpPort);
  const grpcPort = await bindGrpcServer(grpc, host, options.grpcPort).catch((error: unknown) => {
    http.close();
    throw portError(options.grpcPort, host, "HOTSPAN_OTLP_GRPC_PORT", error);
  });

  return {
    httpPort,
    grpcPort,
    imports,
    profiles,
    budget,
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
