import { createTurns } from "@/lib/take-turns";

/**
 * One at a time writes `otel_traces`: each writer first asks what is stored, and would not see what another is about
 * to store.
 */
export const writeSpansAlone = createTurns();
