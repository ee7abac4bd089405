import type { Catalogue } from "@/lib/store/catalogue";

/** @returns what was kept under the key, "" for nothing yet */
export async function readState(catalogue: Catalogue, key: string): Promise<string> {
  return (await catalogue.setting.findUnique({ where: { key } }))?.value ?? "";
}

export async function keepState(catalogue: Catalogue, key: string, value: string): Promise<void> {
  await catalogue.setting.upsert({ where: { key }, create: { key, value }, update: { value } });
}
