/** What became of the files of watched folders, in the catalogue: so that none is taken twice, not even after a restart. */
import type { Catalogue } from "@/lib/store/catalogue";

export interface WatchedFile {
  readonly path: string;
  /** Bytes and Unix nanoseconds, as decimals: another size or time is another file. */
  readonly size: string;
  readonly mtimeNs: string;
  readonly sha256: string;
  readonly state: "taken" | "refused";
  /** Why it was refused, or what of it was; "" when all is well. */
  readonly reason: string;
  readonly kind: "profile" | "traces" | "";
  readonly service: string;
  readonly profileId: string;
  readonly spans: number;
}

/** Rows read at once when a folder is first looked at. */
const PAGE = 5_000;
/** Bound in one statement, of which SQLite takes a limited number. */
const PATHS_AT_ONCE = 500;

/** @returns by path, all files below the folder */
export async function loadWatchedFiles(
  catalogue: Catalogue,
  root: string,
): Promise<Map<string, WatchedFile>> {
  const files = new Map<string, WatchedFile>();
  const folder = root.endsWith("/") ? root : `${root}/`;
  for (let after = folder; ; ) {
    const rows = await catalogue.watchedFile.findMany({
      where: { path: { gt: after, lt: `${folder.slice(0, -1)}0` } }, // "0" comes right after "/"
      orderBy: { path: "asc" },
      take: PAGE,
    });
    for (const row of rows) files.set(row.path, fromRow(row));
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return files;
    after = last.path;
  }
}

export async function saveWatchedFile(catalogue: Catalogue, file: WatchedFile): Promise<void> {
  const { path, ...rest } = file;
  const row = { ...rest, seenAt: new Date() };
  await catalogue.watchedFile.upsert({ where: { path }, create: { path, ...row }, update: row });
}

export async function removeWatchedFiles(catalogue: Catalogue, paths: readonly string[]): Promise<void> {
  for (let at = 0; at < paths.length; at += PATHS_AT_ONCE) {
    const some = paths.slice(at, at + PATHS_AT_ONCE);
    await catalogue.watchedFile.deleteMany({ where: { path: { in: some } } });
  }
}

/** @returns refused files, the latest first, and how many there are */
export async function findRefusedFiles(
  catalogue: Catalogue,
  limit: number,
): Promise<{ files: (WatchedFile & { seenAt: Date })[]; total: number }> {
  const where = { state: "refused" };
  const [rows, total] = await Promise.all([
    catalogue.watchedFile.findMany({ where, orderBy: { seenAt: "desc" }, take: limit }),
    catalogue.watchedFile.count({ where }),
  ]);
  return { files: rows.map((row) => ({ ...fromRow(row), seenAt: row.seenAt })), total };
}

type Stored = Omit<WatchedFile, "state" | "kind"> & { readonly state: string; readonly kind: string };

function fromRow({ kind, state, ...row }: Stored): WatchedFile {
  return {
    path: row.path,
    size: row.size,
    mtimeNs: row.mtimeNs,
    sha256: row.sha256,
    reason: row.reason,
    service: row.service,
    profileId: row.profileId,
    spans: row.spans,
    state: state === "taken" ? "taken" : "refused",
    kind: kind === "profile" || kind === "traces" ? kind : "",
  };
}
