// Stands in for the package "server-only" under Vitest, which is a server but not a React one.
export {};
