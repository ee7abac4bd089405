import { cn } from "./cn";

/** A hairline that moves while newer data are on their way; what is drawn stays readable meanwhile. */
export function ProgressLine({ active, className }: { active: boolean; className?: string }) {
  return (
    <div aria-hidden className={cn("h-0.5 overflow-hidden", className)}>
      {active && <div className="h-full w-1/4 animate-[hs-slide_1.1s_linear_infinite] bg-accent" />}
    </div>
  );
}
