import type { DecodePool } from "@/lib/ingest/decode-pool";
import type { ImportIntake } from "@/lib/ingest/import-intake";
import type { ProfileIntake } from "@/lib/ingest/profile-intake";
import type { TraceIntake } from "@/lib/ingest/trace-intake";

/** Where what comes through a door goes. */
export interface Intakes {
  readonly traces: TraceIntake;
  readonly profiles: ProfileIntake;
  readonly imports: ImportIntake;
  /** For what takes long to read before it is known what it holds. */
  readonly pool: DecodePool;
  /** Limit after inflation, for what is compressed inside a body. */
  readonly maxBodyBytes: number;
}
