import { cn } from "./cn";
import { CopyButton } from "./copy-button";

/** Code to take along. It scrolls sideways inside itself, by keyboard too. */
export function Snippet({ code, label, className }: { code: string; label: string; className?: string }) {
  return (
    <div className={cn("relative rounded-md border border-line bg-sunken text-left", className)}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div role="group" tabIndex={0} aria-label={label} className="overflow-x-auto rounded-md">
        <pre className="w-max p-3 pr-10 font-mono text-sm leading-5">
          <code>{code}</code>
        </pre>
      </div>
      <CopyButton
        text={code}
        label={`Copy ${label}`}
        className="absolute top-1.5 right-1.5 border-line bg-sunken"
      />
    </div>
  );
}
