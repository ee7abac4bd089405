import type { Catalogue } from "@/lib/store/catalogue";

/** Of processes that share a catalogue, one collects: two would profile one process at once. */
const KEY = "collector-lease";

/**
 * Takes, or keeps, the right to collect for `ttlMs`. The value read is part of the condition of the write, so of two that
 * find it free at once one succeeds.
 * @param owner made anew by each process
 * @param key of another right that one process has at a time
 */
export async function holdLease(
  catalogue: Catalogue,
  owner: string,
  nowMs: number,
  ttlMs: number,
  key = KEY,
): Promise<boolean> {
  const value = `${owner} ${Math.trunc(nowMs + ttlMs)}`;
  const known = await catalogue.setting.findUnique({ where: { key } });
  if (known === null) {
    return catalogue.setting.create({ data: { key, value } }).then(
      () => true,
      async (error: unknown) => {
        if ((await catalogue.setting.findUnique({ where: { key } })) !== null) return false;
        throw error;
      },
    );
  }
  const [holder, until] = known.value.split(" ");
  // One of the far future is that of a clock that was wrong.
  const isHeld = Number(until) > nowMs && Number(until) <= nowMs + 10 * ttlMs;
  if (holder !== owner && isHeld) return false;
  const written = await catalogue.setting.updateMany({
    where: { key, value: known.value },
    data: { value },
  });
  return written.count === 1;
}

export async function releaseLease(catalogue: Catalogue, owner: string, key = KEY): Promise<void> {
  await catalogue.setting.deleteMany({ where: { key, value: { startsWith: `${owner} ` } } });
}
