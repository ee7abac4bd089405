import { randomUUID } from "node:crypto";

/** A closer look under way, and afterwards what Hotspan is told of it: why, when, and which profiles came of it. */
export interface Capture {
  readonly why: string;
  readonly untilMs: number;
  /** A profile of this capture was handed over to be pushed. @returns to be called with Hotspan's answer */
  readonly took: (kind: "cpu" | "heap") => (answer: string) => void;
  /** No more profiles will come. */
  readonly end: () => void;
}

export interface Identity {
  readonly service: string;
  readonly instance: string;
}

/**
 * @param report called once, when the capture is over and all of its profiles are stored, with the body of
 *   `POST /api/v1/captures`; a profile that was given up has none to be shown, and so there is no report
 */
export function beginCapture(
  why: string,
  durationMs: number,
  identity: () => Identity,
  report: (body: string) => void,
): Capture {
  const startMs = Date.now();
  const profiles: { kind: string; profileId: string }[] = [];
  let pending = 0;
  let endMs: number | undefined;

  function reportWhenWhole(): void {
    if (endMs === undefined || pending > 0 || profiles.length === 0) return;
    const trigger = /^(?:heap|memory)/.test(why) ? "memory" : "cpu";
    const seconds = Math.round((endMs - startMs) / 1_000);
    report(
      JSON.stringify({
        ...identity(),
        id: randomUUID(),
        trigger,
        reason: why,
        reading: null,
        seconds,
        state: "done",
        message: "",
        startUnixNano: `${startMs}000000`,
        endUnixNano: `${endMs}000000`,
        profiles,
      }),
    );
  }

  return {
    why,
    untilMs: startMs + durationMs,
    took: (kind) => {
      pending++;
      return (answer) => {
        const profileId = readProfileId(answer);
        if (profileId !== undefined) profiles.push({ kind, profileId });
        pending--;
        reportWhenWhole();
      };
    },
    end: () => {
      endMs = Date.now();
      reportWhenWhole();
    },
  };
}

function readProfileId(answer: string): string | undefined {
  try {
    const receipt: unknown = JSON.parse(answer);
    const isReceipt = typeof receipt === "object" && receipt !== null && "profileId" in receipt;
    return isReceipt && typeof receipt.profileId === "string" ? receipt.profileId : undefined;
  } catch {
    return undefined; // Stored all the same: something between answered in words of its own.
  }
}
