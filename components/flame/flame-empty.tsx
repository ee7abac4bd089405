"use client";
import Link from "next/link";
import { useRangeLink } from "@/components/shell/use-time-range";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import type { FlamegraphResponse } from "@/lib/api/contract";
import { isFindingCode, nameOfReason } from "@/lib/diagnosis/reason";
import type { FlameSelector } from "./flame-selector";

/** Why there is nothing to draw: the reason's name, the sentence, and the way to what would change it. */
export function FlameEmpty({ answer, selector }: { answer: FlamegraphResponse; selector: FlameSelector }) {
  const link = useRangeLink();
  const { emptyCode: code, emptyReason } = answer;
  const about = new Map<string, string>();
  if (selector.trace_id !== undefined) about.set("trace_id", selector.trace_id);
  else if (selector.service !== undefined) about.set("service", selector.service);
  return (
    <EmptyState
      title={emptyReason ?? "No samples match this selection."}
      above={
        code !== null && <Badge tone={isFindingCode(code) ? "hot" : "neutral"}>{nameOfReason(code)}</Badge>
      }
      actions={
        code !== null &&
        isFindingCode(code) && (
          <Button asChild>
            <Link prefetch={false} href={`${link("/doctor", Object.fromEntries(about))}#${code}`}>
              How to fix
            </Link>
          </Button>
        )
      }
    />
  );
}
