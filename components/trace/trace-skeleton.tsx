import { Skeleton } from "@/components/ui/skeleton";

const BARS = [92, 70, 34, 30, 26, 58, 22, 40, 16, 24, 12];

/** The layout of a trace before it is there, so that nothing jumps when it comes. */
export function TraceSkeleton() {
  return (
    <div role="status" aria-label="Loading the trace">
      <Skeleton className="h-6 w-64" />
      <Skeleton className="mt-3 mb-4 h-9 w-full max-w-2xl" />
      <div className="max-h-[calc(clamp(14rem,38dvh,26rem)+1.875rem)] overflow-hidden rounded-lg border bg-surface">
        <div className="h-7 border-b bg-sunken" />
        {BARS.map((width, index) => (
          <div key={width} className="grid h-7 grid-cols-[minmax(9rem,36%)_1fr] items-center">
            <span className="px-3" style={{ paddingLeft: 12 + Math.min(index, 4) * 14 }}>
              <Skeleton className="h-3 w-3/5" />
            </span>
            <span className="mr-36" style={{ width: `${width * 0.8}%` }}>
              <Skeleton className="h-3 w-full" />
            </span>
          </div>
        ))}
      </div>
      <Skeleton className="mt-4 h-64 w-full" />
    </div>
  );
}
