import { HotspanError } from "@/lib/errors";
import type { ByteLease } from "@/lib/ingest/byte-budget";
import type { DecodePool } from "@/lib/ingest/decode-pool";
import {
  decodeOtlpProfiles,
  type OtlpProfileRows,
  type OtlpProfilesUpload,
} from "@/lib/ingest/otlp-profiles";
import { decodeProfileUpload, type ProfileUpload } from "@/lib/ingest/profile-upload";
import { decodeDifferenceRows } from "@/lib/ingest/scrape-difference";
import type { ProfileRecord, ProfileRows } from "@/lib/store/profile-row";

/** Below this the way to a worker and back costs more than decoding here. */
const INLINE_BYTES = 32_768;
/** The same for pprofs: gzip and zstd make a thousand bytes of one, and this thread would do nothing else. */
const INLINE_PPROF_BYTES = 4_096;
/** Of one request. */
const MAX_PROFILES = 256;
/** Rows of all profiles of one request, which are in memory together: as many bytes as one profile's may be. */
const MAX_ROW_BYTES = 201_326_592;
export interface ProfileReceipt {
  readonly profileId: string;
  readonly service: string;
  readonly sampleTypes: readonly { readonly type: string; readonly unit: string; readonly total: number }[];
  readonly samples: number;
  /** Samples that say to which trace or span they belong. */
  readonly labelled: number;
  /** The same bytes were stored before; nothing was stored now. */
  readonly duplicate: boolean;
  /** Only when the bytes were stored before under another service's name, which they keep. */
  readonly message?: string;
}

export interface ProfileIntake {
  /**
   * One pprof, stored before this returns.
   * @throws HotspanError `invalid-input` naming what is wrong with the profile, `too-large`, `unavailable` when the store
   *   or the catalogue did not take it: then sending it again is right
   */
  accept(upload: ProfileUpload): Promise<ProfileReceipt>;
  /** The same for a profile that was decoded already. */
  acceptRows(rows: ProfileRows): Promise<ProfileReceipt>;
  /**
   * What happened between two scrapes of one process, whose counters are of its whole life.
   * @param previous a pprof of the same kind
   */
  acceptDifference(previous: Uint8Array, current: ProfileUpload): Promise<ProfileReceipt>;
  /**
   * The profiles of one request: all are read before the first is stored, so a bad one keeps out all of them, and what
   * was stored before the store failed is known again when the request is sent again.
   * @param uploads may be views of the request's body
   * @param lease pays for their rows
   * @throws HotspanError as `accept` does, naming which profile it was
   */
  acceptAll(uploads: readonly ProfileUpload[], lease: ByteLease): Promise<ProfileReceipt[]>;
  /**
   * The profiles of one OTLP request; sent again, those that are stored are known by the bytes of the request.
   * @returns how many were refused, and why
   * @throws HotspanError as `accept` does; nothing is lost by sending the request again
   */
  acceptOtlp(upload: OtlpProfilesUpload, lease: ByteLease): Promise<Omit<OtlpProfileRows, "profiles">>;
  readonly counts: { accepted: number; failedRequests: number };
}

/** Stores a profile once; see lib/store/insert-profile.ts. */
export type InsertProfile = (
  rows: ProfileRows,
) => Promise<{ readonly record: ProfileRecord; readonly duplicate: boolean }>;

/** The same for those of one request; see lib/store/insert-profiles.ts. */
export type InsertProfiles = (profiles: readonly ProfileRows[]) => Promise<void>;

/** Profiles from bytes to the store, whichever client sent them. */
export function createProfileIntake(
  pool: DecodePool,
  insert: InsertProfile,
  insertMany: InsertProfiles,
): ProfileIntake {
  const counts = { accepted: 0, failedRequests: 0 };

  async function decode(upload: ProfileUpload): Promise<ProfileRows> {
    if (upload.bytes.length <= INLINE_PPROF_BYTES) return decodeProfileUpload(upload);
    const { bytes } = upload;
    // A view would take all that it is a view of along to the worker.
    const own = bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
    const result = await pool.run({ kind: "profile", upload: { ...upload, bytes: own } });
    if (result.kind !== "profile") throw new Error(`A decode worker answered ${result.kind} to a profile.`);
    return result.rows;
  }

  async function decodeDifference(previous: Uint8Array, current: ProfileUpload): Promise<ProfileRows> {
    if (current.bytes.length <= INLINE_PPROF_BYTES) return decodeDifferenceRows(previous, current);
    const result = await pool.run({ kind: "scrape-difference", previous, upload: current });
    if (result.kind !== "scrape-difference")
      throw new Error(`A decode worker answered ${result.kind} to two scrapes.`);
    return result.rows;
  }

  async function store(rows: ProfileRows): Promise<ProfileReceipt> {
    const asked = rows.record.service;
    const { duplicate, record } = await insert(rows);
    const { labelled, profileId, sampleTypes, samples, service } = record;
    const receipt = { profileId, service, sampleTypes, samples, labelled, duplicate };
    if (service === asked) return receipt;
    const message = `The same bytes are stored already, as a profile of service "${service}": nothing was stored for "${asked}".`;
    return { ...receipt, message };
  }

  async function decodeAll(uploads: readonly ProfileUpload[], lease: ByteLease): Promise<ProfileRows[]> {
    if (uploads.length > MAX_PROFILES) throw tooMuch(`${uploads.length} profiles`, `${MAX_PROFILES}`);
    const all: ProfileRows[] = [];
    const received = uploads.reduce((sum, upload) => sum + upload.bytes.length, 0);
    let bytes = 0;
    for (const upload of uploads) {
      const rows = await (uploads.length === 1
        ? decode(upload)
        : decode(upload).catch((error: unknown) => {
            throw naming(all.length + 1, uploads.length, error);
          }));
      bytes += rows.functions.text.length + rows.stacks.text.length + rows.samples.text.length;
      if (all.length > 0 && bytes > MAX_ROW_BYTES)
        throw tooMuch("more rows", `${MAX_ROW_BYTES} bytes of them`);
      lease.hold(received + bytes);
      all.push(rows);
    }
    return all;
  }

  async function decodeOtlp(upload: OtlpProfilesUpload): Promise<OtlpProfileRows> {
    if (upload.bytes.length <= INLINE_BYTES) return decodeOtlpProfiles(upload);
    const result = await pool.run({ kind: "otlp-profiles", upload });
    if (result.kind !== "otlp-profiles")
      throw new Error(`A decode worker answered ${result.kind} to profiles.`);
    return result.rows;
  }

  async function storeOtlp(upload: OtlpProfilesUpload, lease: ByteLease) {
    const { message, profiles, rejectedProfiles } = await decodeOtlp(upload);
    lease.hold(
      profiles.reduce((sum, { samples, stacks }) => sum + samples.text.length + stacks.text.length, 0),
    );
    if (profiles.length > 0) await insertMany(profiles);
    counts.accepted += profiles.length;
    return { message, rejectedProfiles };
  }

  async function counted<T>(work: () => Promise<T>, profiles = 1): Promise<T> {
    try {
      const receipt = await work();
      counts.accepted += profiles;
      return receipt;
    } catch (error) {
      counts.failedRequests++;
      throw error;
    }
  }

  return {
    counts,
    accept: (upload) => counted(async () => store(await decode(upload))),
    acceptRows: (rows) => counted(() => store(rows)),
    acceptDifference: (previous, current) =>
      counted(async () => store(await decodeDifference(previous, current))),
    acceptOtlp: (upload, lease) => counted(() => storeOtlp(upload, lease), 0),
    acceptAll: (uploads, lease) =>
      counted(async () => {
        const receipts: ProfileReceipt[] = [];
        for (const rows of await decodeAll(uploads, lease)) receipts.push(await store(rows));
        return receipts;
      }, uploads.length),
  };
}

function naming(position: number, count: number, error: unknown): unknown {
  if (!(error instanceof HotspanError)) return error;
  const { cause, code, message, retryAfterSeconds } = error;
  const options = { cause, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
  return new HotspanError(code, `Profile ${position} of ${count}: ${message}`, options);
}

function tooMuch(what: string, limit: string): HotspanError {
  return new HotspanError("too-large", `The request has ${what}; the limit is ${limit}: send fewer at once.`);
}
