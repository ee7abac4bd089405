import { Badge } from "@/components/ui/badge";
import type { TargetState } from "@/lib/api/targets-contract";

interface TargetPhaseProps {
  state: TargetState | null;
  paused: boolean;
  nowMillis: number;
}

/** A state that is not renewed for so long is of a collector that is gone. */
const STALE_MS = 90_000;

/** What the collector does with a target now, and in words what keeps it from more. */
export function TargetPhase({ nowMillis, paused, state }: TargetPhaseProps) {
  const reasons = reasonsOf(state, nowMillis);
  return (
    <span className="grid grid-cols-[minmax(0,1fr)] justify-items-start gap-0.5">
      <PhaseBadge state={state} paused={paused} nowMillis={nowMillis} />
      {reasons.map((reason) => (
        <span key={reason} className="line-clamp-2 wrap-anywhere text-muted text-sm" title={reason}>
          {reason}
        </span>
      ))}
    </span>
  );
}

function PhaseBadge({ nowMillis, paused, state }: TargetPhaseProps) {
  if (state?.phase === "capturing") return <Badge tone="hot">Capturing</Badge>;
  if (paused) return <Badge>Paused</Badge>;
  if (state === null) return <Badge>Waiting for the collector</Badge>;
  if (isStale(state, nowMillis)) return <Badge tone="danger">Collector away</Badge>;
  switch (state.phase) {
    case "profiling":
      return <Badge tone="hot">Profiling</Badge>;
    case "backing-off":
      return <Badge tone="danger">Backing off</Badge>;
    case "refused":
      return <Badge tone="danger">Refused</Badge>;
    case "idle":
      return state.problems.length === 0 ? <Badge>Well</Badge> : <Badge tone="danger">Partly</Badge>;
  }
}

function reasonsOf(state: TargetState | null, nowMillis: number): string[] {
  if (state === null) return [];
  const { backingOff, problems } = state;
  if (backingOff !== null) {
    const left = Math.ceil(Number(BigInt(backingOff.untilUnixNano) / 1_000_000n) / 1_000 - nowMillis / 1_000);
    const until =
      left <= 0
        ? "Trying again now."
        : `Again in ${left < 120 ? `${left} s` : `${Math.round(left / 60)} m`}.`;
    return [`${backingOff.reason} ${until}`];
  }
  return problems.map(({ kind, message }) => `${kind}: ${message}`);
}

function isStale({ atUnixNano, nextCpuUnixNano }: TargetState, nowMillis: number): boolean {
  const at = Number(BigInt(atUnixNano) / 1_000_000n);
  const next = Number(BigInt(nextCpuUnixNano ?? atUnixNano) / 1_000_000n);
  return nowMillis - Math.max(at, next) > STALE_MS;
}
