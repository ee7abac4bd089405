-- CreateTable
CREATE TABLE "Profile" (
    "sha256" TEXT NOT NULL PRIMARY KEY,
    "profileId" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "sampleTypes" TEXT NOT NULL,
    "samples" INTEGER NOT NULL,
    "labelled" INTEGER NOT NULL,
    "startUnixNano" TEXT NOT NULL,
    "durationNs" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "source" TEXT NOT NULL DEFAULT '',
    "receivedAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- CreateTable
CREATE TABLE "Service" (
    "name" TEXT NOT NULL PRIMARY KEY,
    "language" TEXT NOT NULL DEFAULT '',
    "firstSeen" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastSeen" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- CreateTable
CREATE TABLE "Setting" (
    "key" TEXT NOT NULL PRIMARY KEY,
    "value" TEXT NOT NULL,
    "updatedAt" DATETIME NOT NULL
);

-- CreateIndex
CREATE UNIQUE INDEX "Profile_profileId_key" ON "Profile"("profileId");

-- CreateIndex
CREATE INDEX "Profile_service_startUnixNano_idx" ON "Profile"("service", "startUnixNano");
