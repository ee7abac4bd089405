/**
 * The Content-Security-Policy of pages: only scripts of this request run. Ingest and API are left out of the matcher, and
 * must be: Next cuts the bodies of requests that pass here at 10 MB. Their headers are in next.config.js.
 */
import { randomBytes } from "node:crypto";
import { type NextRequest, NextResponse } from "next/server";

export const config = {
  matcher: "/((?!api/|v1/|v1development/|ingest|pyroscope/|push\\.v1|profiling/v1/|_next/|.*\\.\\w+$).*)",
};

export function proxy(request: NextRequest): NextResponse {
  const nonce = randomBytes(16).toString("base64");
  const policy = formatPolicy(nonce, process.env.NODE_ENV === "development");
  // Next puts the nonce of this header on its own scripts, app/layout.tsx on the theme's.
  const headers = new Headers(request.headers);
  headers.set("content-security-policy", policy);
  headers.set("x-nonce", nonce);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  return response;
}

function formatPolicy(nonce: string, isDev: boolean): string {
  return [
    "default-src 'self'",
    // Reloading while developing evaluates what it loads.
    `script-src 'self' 'nonce-${nonce}'${isDev ? " 'unsafe-eval'" : ""}`,
    // Positions of bars and frames are style attributes.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    `connect-src 'self'${isDev ? " ws:" : ""}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}
