-- AlterTable
ALTER TABLE "Profile" ADD COLUMN "endpointCounts" TEXT NOT NULL DEFAULT '';
