"use client";
import { useEffect, useState } from "react";

/** @returns the value as it was when it last stood still for `millis`; an empty text comes through at once */
export function useDebounced(value: string, millis: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), value === "" ? 0 : millis);
    return () => clearTimeout(timer);
  }, [value, millis]);
  return settled;
}
