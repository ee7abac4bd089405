import { QueryClient } from "@tanstack/react-query";
import { HotspanError } from "@/lib/errors";

/** Only what can heal by itself is tried again: a store that restarts, a queue that drains. */
const TRANSIENT = new Set(["unavailable", "overloaded"]);

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        networkMode: "always", // the server is often this machine: a browser without a network reaches it still
        staleTime: 30_000,
        refetchOnWindowFocus: false,
        retry: (failures, error) =>
          failures < 2 && error instanceof HotspanError && TRANSIENT.has(error.code),
        retryDelay: (attempt) => 500 * 2 ** attempt,
      },
    },
  });
}
