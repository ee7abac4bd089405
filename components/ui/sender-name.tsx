import { cn } from "./cn";

/** A name that a sender chose: writing direction stays inside, and an empty one is said to be so. */
export function SenderName({ name, className }: { name: string; className?: string }) {
  return (
    <bdi className={cn(name === "" && "text-subtle italic", className)}>{name === "" ? "no name" : name}</bdi>
  );
}
