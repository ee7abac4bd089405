import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { ProfileView } from "@/components/profiles/profile-view";
import { parseProfileId } from "@/lib/api/query";

interface Props {
  readonly params: Promise<{ profileId: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Profile ${(await params).profileId.slice(0, 8)}` };
}

export default async function ProfilePage({ params }: Props) {
  const profileId = parseProfileId((await params).profileId);
  if (profileId === undefined) notFound();
  return <ProfileView profileId={profileId} />;
}
