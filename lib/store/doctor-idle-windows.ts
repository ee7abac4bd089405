import { catalogue } from "@/lib/store/catalogue";
import type { DoctorScope } from "@/lib/store/doctor-scope";

export interface IdleWindow {
  readonly service: string;
  /** Unix nanoseconds. */
  readonly start: bigint;
  readonly stop: bigint;
}

const LONGEST_PROFILE_NANOS = 3_600_000_000_000n;
/** A day of ten-second windows of one process. */
const MOST_WINDOWS = 9_000;

/**
 * Windows in which a process did nothing: their profiles have no samples, so the catalogue alone knows of them. Without
 * them a quiet service would look as if nobody had profiled it.
 * @throws HotspanError `unavailable` when the catalogue cannot be opened
 */
export async function findIdleWindows({ from, services, to }: DoctorScope): Promise<IdleWindow[]> {
  const earliest = from > LONGEST_PROFILE_NANOS ? from - LONGEST_PROFILE_NANOS : 0n;
  const rows = await (await catalogue()).profile.findMany({
    where: {
      samples: 0,
      // Decimals of one length, since 2001: their order as text is that of the numbers.
      startUnixNano: { gte: String(earliest), lt: String(to) },
      OR: [{ sampleTypes: { contains: '"type":"cpu"' } }, { sampleTypes: { contains: '"type":"wall"' } }],
      ...(services === undefined ? {} : { service: { in: [...services] } }),
    },
    select: { service: true, startUnixNano: true, durationNs: true },
    orderBy: { startUnixNano: "desc" },
    take: MOST_WINDOWS,
  });
  return rows.map(({ durationNs, service, startUnixNano }) => {
    const start = BigInt(startUnixNano);
    return { service, start, stop: start + BigInt(durationNs) };
  });
}
