/** Files from bytes to the store, whoever brings them: a request, or a folder that is watched. */
import type { ImportedFile as FileReceipt, ImportResponse } from "@/lib/api/import-contract";
import { HotspanError } from "@/lib/errors";
import type { ByteLease } from "@/lib/ingest/byte-budget";
import type { DecodePool } from "@/lib/ingest/decode-pool";
import { decodeImport, type ImportedFile, type ImportUpload, isArchive } from "@/lib/ingest/import-file";
import { readZip } from "@/lib/ingest/import-zip";
import type { ProfileIntake } from "@/lib/ingest/profile-intake";
import type { TraceIntake } from "@/lib/ingest/trace-intake";
import { countStoredSpans } from "@/lib/store/count-stored-spans";
import { createTurns } from "@/lib/take-turns";

/** What is known of a file beside its bytes. */
export type UploadOf = (name: string, bytes: Buffer) => ImportUpload;

export interface ImportIntake {
  /**
   * One file, or all of a zip, stored before this returns. Bringing it again stores nothing twice.
   * @param bytes not to be used afterwards
   * @throws HotspanError `invalid-input` or `too-large` when nothing of it can be read; `unavailable` or `overloaded`
   *   when the store did not take all of it: then bringing the whole again is right
   */
  accept(name: string, bytes: Buffer, uploadOf: UploadOf, lease: ByteLease): Promise<ImportResponse>;
}

/** Below this the way to a worker and back costs more than decoding here, though gzip makes a thousand bytes of one. */
const INLINE_BYTES = 4_096;
const MAX_ZIPPED_FILES = 1_000;
/** What a zip may inflate to, in units of the largest body. */
const ZIP_BODIES = 4;
const MAX_TRACE_IDS = 20;
const PARALLEL_BATCHES = 4;
const HELD_ALREADY: ByteLease = { take: () => undefined, hold: () => undefined, release: () => undefined };
/** What is about the store, not about the file. */
const OF_THE_STORE: ReadonlySet<string> = new Set(["unavailable", "overloaded", "internal"]);

export interface ImportIntakeOptions {
  readonly pool: Pick<DecodePool, "run">;
  readonly traces: Pick<TraceIntake, "acceptRows">;
  readonly profiles: Pick<ProfileIntake, "acceptRows">;
  readonly maxBodyBytes: number;
}

export function createImportIntake({
  maxBodyBytes,
  pool,
  profiles,
  traces,
}: ImportIntakeOptions): ImportIntake {
  async function decode(upload: ImportUpload): Promise<ImportedFile> {
    if (upload.bytes.length <= INLINE_BYTES) return decodeImport(upload);
    const result = await pool.run({ kind: "import", upload });
    if (result.kind !== "import") throw new Error(`A decode worker answered ${result.kind} to a file.`);
    return result.file;
  }

  const storeAlone = createTurns();

  async function store(name: string, upload: ImportUpload, lease: ByteLease): Promise<FileReceipt> {
    const file = await decode(upload);
    if (file.kind === "profile") {
      const { duplicate, message = "", profileId, samples, service } = await profiles.acceptRows(file.rows);
      const counts = duplicate ? { samples: 0, duplicates: 1 } : { samples, duplicates: 0 };
      return { ...emptyReceipt(name), kind: "profile", profileId, service, message, ...counts };
    }
    let { message, rejectedSpans } = file;
    let [spans, duplicates] = [0, file.repeated];
    lease.hold(file.batches.reduce((bytes, { text }) => bytes + text.length, 0));
    const batches = file.batches.values();
    // No span is in two batches, so some may be under way at once: their groups are then larger and fewer.
    const lane = async () => {
      for (const rows of batches) {
        const known = await countStoredSpans(rows);
        const stored = await traces.acceptRows({ rows, rejectedSpans: 0, message: "" }, HELD_ALREADY);
        message = `${message} ${stored.message}`.trim();
        rejectedSpans += stored.rejectedSpans;
        duplicates += known;
        spans += rows.count - known - stored.rejectedSpans;
      }
    };
    // Two files with the same spans at once would each find none of them stored, and both claim them.
    await storeAlone(() => Promise.all(Array.from({ length: PARALLEL_BATCHES }, lane)));
    const { traceIds } = file;
    const receipt = { ...emptyReceipt(name), kind: "traces" as const, traceIds: [...traceIds] };
    return { ...receipt, spans, rejectedSpans, duplicates, message };
  }

  async function storeZipped(bytes: Buffer, uploadOf: UploadOf, lease: ByteLease): Promise<FileReceipt[]> {
    const receipts: FileReceipt[] = [];
    const limits = {
      maxEntries: MAX_ZIPPED_FILES,
      maxFileBytes: maxBodyBytes,
      maxTotalBytes: maxBodyBytes * ZIP_BODIES,
    };
    for await (const file of readZip(bytes, limits)) {
      try {
        if ("error" in file) throw file.error;
        receipts.push(await store(file.name, uploadOf(file.name, file.bytes), lease));
      } catch (error) {
        if (!(error instanceof HotspanError) || OF_THE_STORE.has(error.code)) throw error;
        receipts.push({ ...emptyReceipt(file.name), error: error.message });
      } finally {
        lease.hold(bytes.length);
      }
    }
    if (receipts.length === 0) throw new HotspanError("invalid-input", "The archive holds no files.");
    return receipts;
  }

  return {
    accept: async (name, bytes, uploadOf, lease) =>
      toResponse(
        isArchive(bytes)
          ? await storeZipped(bytes, uploadOf, lease)
          : [await store(name, uploadOf(name, bytes), lease)],
      ),
  };
}

function emptyReceipt(name: string): FileReceipt {
  return {
    name,
    kind: "unknown",
    spans: 0,
    rejectedSpans: 0,
    samples: 0,
    duplicates: 0,
    profileId: "",
    service: "",
    traceIds: [],
    message: "",
    error: null,
  };
}

function toResponse(files: FileReceipt[]): ImportResponse {
  const sum = (of: (file: FileReceipt) => number) => files.reduce((total, file) => total + of(file), 0);
  return {
    spans: sum(({ spans }) => spans),
    rejectedSpans: sum(({ rejectedSpans }) => rejectedSpans),
    profiles: sum(({ duplicates, kind }) => (kind === "profile" ? 1 - duplicates : 0)),
    samples: sum(({ samples }) => samples),
    duplicates: sum(({ duplicates }) => duplicates),
    traceIds: [...new Set(files.flatMap(({ traceIds }) => traceIds))].slice(0, MAX_TRACE_IDS),
    files,
  };
}
