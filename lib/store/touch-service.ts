import type { Catalogue } from "@/lib/store/catalogue";

/** How often a service that keeps sending is written down as seen. */
const FRESH_MS = 60_000;

const touched = new WeakMap<Catalogue, Map<string, { language: string; at: number }>>();

/** Notes that a service has sent something just now, and its language when that was not known before. */
export async function touchService(catalogue: Catalogue, name: string, language: string): Promise<void> {
  const now = Date.now();
  const known = touched.get(catalogue) ?? new Map<string, { language: string; at: number }>();
  touched.set(catalogue, known);
  const last = known.get(name);
  if (last !== undefined && now - last.at < FRESH_MS && (last.language !== "" || language === "")) return;
  const lastSeen = new Date(now);
  const service = await catalogue.service.upsert({
    where: { name },
    create: { name, language, lastSeen },
    update: { lastSeen },
  });
  if (service.language === "" && language !== "") {
    await catalogue.service.update({ where: { name }, data: { language } });
  }
  known.set(name, { language: service.language || language, at: now });
}
