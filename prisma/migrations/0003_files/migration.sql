-- AlterTable
ALTER TABLE "Profile" ADD COLUMN "origin" TEXT NOT NULL DEFAULT '';

-- CreateTable
CREATE TABLE "WatchedFile" (
    "path" TEXT NOT NULL PRIMARY KEY,
    "size" TEXT NOT NULL,
    "mtimeNs" TEXT NOT NULL,
    "sha256" TEXT NOT NULL DEFAULT '',
    "state" TEXT NOT NULL,
    "reason" TEXT NOT NULL DEFAULT '',
    "kind" TEXT NOT NULL DEFAULT '',
    "service" TEXT NOT NULL DEFAULT '',
    "profileId" TEXT NOT NULL DEFAULT '',
    "spans" INTEGER NOT NULL DEFAULT 0,
    "seenAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- CreateIndex
CREATE INDEX "WatchedFile_state_seenAt_idx" ON "WatchedFile"("state", "seenAt");

-- CreateIndex
CREATE INDEX "Profile_startUnixNano_idx" ON "Profile"("startUnixNano");
