/** @type {import('next').NextConfig} */
const config = {
  output: "standalone",
  // Several builds of one checkout (tests, a second server) must not share one folder.
  distDir: process.env.HOTSPAN_NEXT_DIST ?? ".next",
  reactStrictMode: true,
  poweredByHeader: false,
  images: { unoptimized: true },
  typescript: { ignoreBuildErrors: true }, // `npm run check` runs the type checker; a user's start must not.
  // The engine lives in a process of its own; the web process never loads it.
  outputFileTracingExcludes: { "/*": ["./node_modules/chdb/**", "./node_modules/@chdb/**", "./data/**"] },
};
export default config;
