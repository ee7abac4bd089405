/** Run before a child's own code: whatever the child is, it does not outlive the supervisor. */
process.once("disconnect", () => process.exit(1));
