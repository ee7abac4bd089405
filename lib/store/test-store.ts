/** A store for tests: the real engine in a folder of its own, migrated, with this process's client pointing at it. */
import { startTestEngine } from "@/lib/engine/test-engine";
import { closeCatalogue } from "@/lib/store/catalogue";
import { closeStore, connectStore } from "@/lib/store/clickhouse";
import { migrateStore } from "@/lib/store/migrate";

export interface TestStore {
  readonly url: string;
  stop(): Promise<void>;
}

/** @returns after the tables are there; `stop` ends the engine and removes its folder */
export async function startTestStore(): Promise<TestStore> {
  const engine = await startTestEngine();
  // A test that asks for the catalogue and names none gets one that ends with it, never the user's.
  process.env.HOTSPAN_DATA ??= engine.dataDir;
  connectStore(engine.url);
  await migrateStore({ storeKind: "embedded", retentionDays: undefined });
  return {
    url: engine.url,
    stop: async () => {
      if (process.env.HOTSPAN_DATA === engine.dataDir) {
        await closeCatalogue();
        delete process.env.HOTSPAN_DATA;
      }
      await closeStore();
      await engine.stop();
    },
  };
}
