import { DEFAULT_SAMPLING, type SamplingRules, samplingRules } from "@/lib/api/sampling-contract";
import { catalogue } from "@/lib/store/catalogue";

const KEY = "sampling";

/** @returns the rules in force; sampling is off until somebody turns it on */
export async function readSamplingRules(): Promise<SamplingRules> {
  const setting = await (await catalogue()).setting.findUnique({ where: { key: KEY } });
  if (setting === null) return DEFAULT_SAMPLING;
  // Rules of another version that cannot be read keep everything: what was dropped is gone.
  return samplingRules.catch(DEFAULT_SAMPLING).parse(JSON.parse(setting.value));
}

/** In force within seconds, in every ingest process. */
export async function writeSamplingRules(rules: SamplingRules): Promise<void> {
  const value = JSON.stringify(rules);
  await (await catalogue()).setting.upsert({
    where: { key: KEY },
    create: { key: KEY, value },
    update: { value },
  });
}
