/** How long a snapshot may live: it keeps the write-ahead log from being cut back. */
export interface SnapshotLimits {
  readonly lifetimeMs: number
  readonly walGrowthBytes: number
}

export const SNAPSHOT_LIMITS: SnapshotLimits = { lifetimeMs: 60_000, walGrowthBytes: 256 * 1024 * 1024 }

/** For reading that takes as long as the database is large. */
export const WITHOUT_LIMITS: SnapshotLimits = { lifetimeMs: Number.POSITIVE_INFINITY, walGrowthBytes: Number.POSITIVE_INFINITY }
