-- CreateTable
CREATE TABLE "ScrapeTarget" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "origin" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "paused" BOOLEAN NOT NULL DEFAULT false,
    "config" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT '',
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" DATETIME NOT NULL
);

-- CreateTable
CREATE TABLE "Capture" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "targetId" TEXT,
    "service" TEXT NOT NULL,
    "instance" TEXT NOT NULL DEFAULT '',
    "trigger" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "reading" TEXT NOT NULL DEFAULT '',
    "seconds" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "message" TEXT NOT NULL DEFAULT '',
    "startUnixNano" TEXT NOT NULL,
    "endUnixNano" TEXT NOT NULL DEFAULT '',
    "profiles" TEXT NOT NULL DEFAULT '[]'
);

-- CreateIndex
CREATE UNIQUE INDEX "ScrapeTarget_url_service_key" ON "ScrapeTarget"("url", "service");

-- CreateIndex
CREATE INDEX "Capture_startUnixNano_idx" ON "Capture"("startUnixNano");

-- CreateIndex
CREATE INDEX "Capture_service_startUnixNano_idx" ON "Capture"("service", "startUnixNano");

-- CreateIndex
CREATE INDEX "Capture_targetId_startUnixNano_idx" ON "Capture"("targetId", "startUnixNano");

-- CreateIndex
CREATE INDEX "Capture_state_idx" ON "Capture"("state");
