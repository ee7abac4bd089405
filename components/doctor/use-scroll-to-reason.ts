import { useEffect } from "react";

/** Brings the reason that the link named (`#no-window`) into view as soon as the answer is there: before, it is not on the page. */
export function useScrollToReason(isThere: boolean): void {
  useEffect(() => {
    if (!isThere || window.location.hash.length < 2) return;
    const target = document.getElementById(decodeURIComponent(window.location.hash.slice(1)));
    target?.scrollIntoView({ block: "start" });
    target?.focus({ preventScroll: true });
  }, [isThere]);
}
