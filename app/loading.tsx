import { Skeleton } from "@/components/ui/skeleton";

/** Between two pages: the heading's and the first panel's place, nothing that could be mistaken for data. */
export default function Loading() {
  return (
    <div role="status" aria-label="Loading the page">
      <div className="mb-3 flex h-8 items-center">
        <Skeleton className="h-4 w-32" />
      </div>
      <div className="h-64 rounded-lg border border-line bg-surface" />
    </div>
  );
}
