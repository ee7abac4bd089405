-- What a value means (lib/profile/meaning.ts) and whose it is, so that only what adds up is added up. Rows from before
-- and writers that do not say it get both by what they have: Go writes a duration to differences alone.
ALTER TABLE samples
  ADD COLUMN IF NOT EXISTS meaning Enum8('window' = 0, 'snapshot' = 1, 'cumulative' = 2) DEFAULT multiIf(
    type IN ('cpu', 'wall', 'samples', 'sample'), 'window',
    type IN ('goroutine', 'goroutineleak', 'threadcreate', 'objects', 'space') OR match(type, '^(?:inuse|in_use|live)_'), 'snapshot',
    type IN ('mutex', 'block', 'mutex_contentions', 'block_contentions', 'contentions', 'delay') OR startsWith(type, 'alloc_'),
      if(duration_ns > 0, 'window', 'cumulative'),
    duration_ns > 0, 'window',
    'snapshot'
  ),
  ADD COLUMN IF NOT EXISTS instance LowCardinality(String) DEFAULT multiIf(
    labels['service.instance.id'] != '', labels['service.instance.id'],
    labels['service_instance_id'] != '', labels['service_instance_id'],
    labels['instance'] != '', labels['instance'],
    labels['k8s.pod.name'] != '', labels['k8s.pod.name'],
    labels['k8s_pod_name'] != '', labels['k8s_pod_name'],
    labels['pod'] != '', labels['pod'],
    labels['hostname'] != '', labels['hostname'],
    labels['host.name'] != '', labels['host.name'],
    labels['host']
  ),
  -- When this very sample was taken, where its format says so; 1970 elsewhere.
  ADD COLUMN IF NOT EXISTS taken_at DateTime64(9) DEFAULT 0 CODEC(T64, ZSTD(1));

-- A row a profile and type: which profile is the latest of a process is asked before each sum over states.
ALTER TABLE samples ADD PROJECTION IF NOT EXISTS by_profile (
  SELECT service, type, meaning, instance, time, duration_ns, profile_id, sum(value), sum(count)
  GROUP BY service, type, meaning, instance, time, duration_ns, profile_id
);

ALTER TABLE samples MATERIALIZE PROJECTION by_profile;
