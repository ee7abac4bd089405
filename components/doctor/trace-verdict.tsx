"use client";
import Link from "next/link";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Panel } from "@/components/ui/panel";
import type { DoctorResponse } from "@/lib/api/doctor-contract";
import { isFindingCode, nameOfReason } from "@/lib/diagnosis/reason";
import { formatCounted } from "@/lib/format";
import { Fixes } from "./fixes";

interface TraceVerdictProps {
  trace: NonNullable<DoctorResponse["trace"]>;
  /** Links to the reason lead here: no finding below has it. */
  isTarget: boolean;
  onLeave: () => void;
}

/** The one trace that was asked about; below it are its services, around its time. */
export function TraceVerdict({ trace, isTarget, onLeave }: TraceVerdictProps) {
  const { code, fixes, sampleCount, sentence, traceId } = trace;
  return (
    <Panel aria-label="Trace" className="p-3">
      <div id={isTarget && code !== null ? code : undefined} tabIndex={-1} className="scroll-mt-14">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          {code !== null && (
            <Badge tone={isFindingCode(code) ? "hot" : "neutral"}>{nameOfReason(code)}</Badge>
          )}
          <Link
            prefetch={false}
            href={`/traces/${traceId}`}
            className="wrap-anywhere font-mono text-sm hover:underline"
          >
            {traceId}
          </Link>
          <Button size="sm" variant="ghost" onClick={onLeave} className="ml-auto">
            Leave this trace
          </Button>
        </div>
        <p className="mt-2">
          {sentence ?? `${formatCounted(sampleCount, "sample")} of its own: nothing is wrong with it.`}
        </p>
        {isTarget && fixes.length > 0 && (
          <div className="mt-3 max-w-3xl">
            <Fixes fixes={fixes} />
          </div>
        )}
      </div>
    </Panel>
  );
}
