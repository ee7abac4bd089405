import type { ErrorCode, HotspanError } from "@/lib/errors";

/** Requests of one kind that were not taken since the process started. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly requests: number;
  readonly lastMessage: string;
  readonly lastUnixNano: string;
}

export interface Refusals {
  count(error: HotspanError): void;
  list(): Refusal[];
}

/** What was refused and why, by code: as many entries as there are codes. */
export function createRefusals(): Refusals {
  const byCode = new Map<ErrorCode, Refusal>();
  return {
    count: ({ code, message }) => {
      byCode.set(code, {
        code,
        requests: (byCode.get(code)?.requests ?? 0) + 1,
        lastMessage: message.slice(0, 300),
        lastUnixNano: String(BigInt(Date.now()) * 1_000_000n),
      });
    },
    list: () => [...byCode.values()],
  };
}
