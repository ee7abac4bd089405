import { RotateCw, TriangleAlert } from "lucide-react";
import { Button } from "./button";
import { cn } from "./cn";

interface ErrorStateProps {
  /** h1 where it is all that the page has; default h2 */
  heading?: "h1" | "h2";
  /** What could not be shown: "The services could not be loaded". */
  title: string;
  error: Error;
  onRetry?: () => void;
  retrying?: boolean;
  className?: string;
}

/** Says what failed, in the words of the API, and offers to try again. */
export function ErrorState(props: ErrorStateProps) {
  const { heading: Heading = "h2", title, error, onRetry, retrying = false, className } = props;
  return (
    <div
      role="alert"
      className={cn("mx-auto flex max-w-xl flex-col items-center px-6 py-12 text-center", className)}
    >
      <TriangleAlert aria-hidden className="mb-2 size-5 text-danger" />
      <Heading className="font-medium text-md">{title}</Heading>
      <p className="mt-1 text-balance break-words text-muted">{error.message}</p>
      {onRetry !== undefined && (
        <Button className="mt-4" onClick={onRetry} disabled={retrying}>
          <RotateCw aria-hidden className={cn(retrying && "animate-spin")} />
          Try again
        </Button>
      )}
    </div>
  );
}
