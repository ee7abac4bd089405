import { type ClassValue, clsx } from "clsx";
import { extendTailwindMerge } from "tailwind-merge";

// Our type scale has a step that Tailwind's lacks; unnamed it would be taken for a text colour and drop a real one.
const merge = extendTailwindMerge({ extend: { theme: { text: ["xs", "sm", "base", "md", "lg", "xl"] } } });

/** Joins class names; of two that set the same property the later one stays. */
export function cn(...classes: ClassValue[]): string {
  return merge(clsx(classes));
}
