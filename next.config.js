/** @type {import('next').NextConfig} */
const config = {
  output: "standalone",
  // Several builds of one checkout (tests, a second server) must not share one folder.
  distDir: process.env.HOTSPAN_NEXT_DIST ?? ".next",
  reactStrictMode: true,
  poweredByHeader: false,
  images: { unoptimized: true },
  headers: () =>
    Promise.resolve([
      {
        source: "/:path*",
        headers: [
          { key: "X-Content-Type-Options", value: "nosniff" },
          { key: "X-Frame-Options", value: "DENY" },
          { key: "Referrer-Policy", value: "no-referrer" }, // addresses name services and traces
          { key: "Cross-Origin-Opener-Policy", value: "same-origin" },
        ],
      },
      // What the API answers is data, whoever opens it as a page. The policy of pages has a nonce: proxy.ts.
      {
        source: "/api/:path*",
        headers: [
          { key: "Content-Security-Policy", value: "default-src 'none'; frame-ancestors 'none'" },
          { key: "Cross-Origin-Resource-Policy", value: "same-origin" },
        ],
      },
    ]),
  typescript: { ignoreBuildErrors: true }, // `npm run check` runs the type checker; a user's start must not.
  // The engine lives in a process of its own; the web process never loads it.
  outputFileTracingExcludes: { "/*": ["./node_modules/chdb/**", "./node_modules/@chdb/**", "./data/**"] },
};
export default config;
