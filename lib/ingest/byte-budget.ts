import { HotspanError } from "@/lib/errors";

/** What one request holds in memory, counted against what all may hold together. */
export interface ByteLease {
  /** @throws HotspanError `overloaded` when all requests together would hold too much */
  take(bytes: number): void;
  /** Replaces what is held: what was decoded is larger than what was received, and refusing it then helps nobody. */
  hold(bytes: number): void;
  release(): void;
}

export interface ByteBudget {
  lease(): ByteLease;
  held(): number;
}

/** Refuses before memory runs out: a limit per request does not bound a hundred of them at once. */
export function createByteBudget(limit: number): ByteBudget {
  let held = 0;
  return {
    held: () => held,
    lease: () => {
      let mine = 0;
      const hold = (bytes: number) => {
        held += bytes - mine;
        mine = bytes;
      };
      return {
        take: (bytes) => {
          if (held + bytes > limit) {
            throw new HotspanError(
              "overloaded",
              `${held} bytes of requests are being worked on: send again shortly.`,
              { retryAfterSeconds: 2 },
            );
          }
          hold(mine + bytes);
        },
        hold,
        release: () => hold(0),
      };
    },
  };
}
