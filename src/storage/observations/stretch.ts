import type { Trajectory } from '../../trajectory.js'

/** Observations of one entity in time order, column by column: how they travel between what is stored and what is answered. */
export interface Stretch {
  readonly count: number
  /** [count], strictly rising. */
  readonly timestamps: Float64Array
  /** [count], or the one value of all. */
  readonly recordedAt: Float64Array | number
  /** [count * 4 D] bytes: little-endian float32. */
  readonly vectors: Uint8Array
  /** [count] JSON texts; undefined: none has one. */
  readonly payloads: readonly (string | null)[] | undefined
}

export function recordedAtOf({ recordedAt }: Stretch, i: number): number {
  return typeof recordedAt === 'number' ? recordedAt : recordedAt[i]!
}

/** Those from `start` to before `end`, in the same memory. */
export function part(stretch: Stretch, start: number, end: number): Stretch {
  if (start === 0 && end === stretch.count) return stretch
  const bytes = stretch.vectors.length / stretch.count
  return {
    count: end - start,
    timestamps: stretch.timestamps.subarray(start, end),
    recordedAt: typeof stretch.recordedAt === 'number' ? stretch.recordedAt : stretch.recordedAt.subarray(start, end),
    vectors: stretch.vectors.subarray(start * bytes, end * bytes),
    payloads: stretch.payloads?.slice(start, end),
  }
}

/** How many are before `timestamp`; with `through`, at or before it. Source: binary search. */
export function countBefore(timestamps: Float64Array, timestamp: number, through = false): number {
  let [low, high] = [0, timestamps.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const t = timestamps[middle]!
    if (t < timestamp || (through && t === timestamp)) low = middle + 1
    else high = middle
  }
  return low
}

/** Strictly rising, and within the range. */
export function isInOrder({ timestamps, count }: Stretch, from: number, to: number): boolean {
  for (let i = 1; i < count; i++) if (timestamps[i]! <= timestamps[i - 1]!) return false
  return count === 0 || (timestamps[0]! >= from && timestamps[count - 1]! <= to)
}

export function hasMoment({ timestamps }: Stretch, timestamp: number): boolean {
  return timestamps[countBefore(timestamps, timestamp)] === timestamp
}

/** Those of the range; both ends are included. */
export function within(stretch: Stretch, from: number, to: number): Stretch {
  const start = countBefore(stretch.timestamps, from)
  return part(stretch, start, Math.max(start, countBefore(stretch.timestamps, to, true)))
}

export function totalCount(stretches: readonly Stretch[]): number {
  let count = 0
  for (const stretch of stretches) count += stretch.count
  return count
}

/** One after the other, as predictors take them. @returns memory of its own. */
export function toTrajectory(stretches: readonly Stretch[], dimension: number): Trajectory {
  const count = totalCount(stretches)
  const timestamps = new Float64Array(count)
  const vectors = new Float32Array(count * dimension)
  const bytes = new Uint8Array(vectors.buffer)
  let at = 0
  for (const stretch of stretches) {
    timestamps.set(stretch.timestamps, at)
    bytes.set(stretch.vectors, at * dimension * 4)
    at += stretch.count
  }
  return { timestamps, vectors, dimension }
}

/** One after the other, each after the one before in time. @returns memory of its own. */
export function joined(stretches: readonly Stretch[], vectorBytes: number): Stretch {
  const count = totalCount(stretches)
  const whole = emptyColumns(count, vectorBytes)
  let at = 0
  for (const stretch of stretches) {
    whole.timestamps.set(stretch.timestamps, at)
    whole.vectors.set(stretch.vectors, at * vectorBytes)
    for (let i = 0; i < stretch.count; i++) {
      whole.recordedAt[at + i] = recordedAtOf(stretch, i)
      whole.payloads[at + i] = stretch.payloads?.[i] ?? null
    }
    at += stretch.count
  }
  return asStretch(whole)
}

/** Both together; where both have a moment, `newer` is taken. @returns memory of its own. */
export function merged(older: Stretch, newer: Stretch, vectorBytes: number): Stretch {
  if (newer.count === 0) return older
  if (older.count === 0) return newer
  const whole = emptyColumns(older.count + newer.count, vectorBytes)
  let [i, j, at] = [0, 0, 0]
  const take = (source: Stretch, index: number) => {
    whole.timestamps[at] = source.timestamps[index]!
    whole.recordedAt[at] = recordedAtOf(source, index)
    whole.vectors.set(source.vectors.subarray(index * vectorBytes, (index + 1) * vectorBytes), at * vectorBytes)
    whole.payloads[at] = source.payloads?.[index] ?? null
    at++
  }
  while (i < older.count || j < newer.count) {
    const t = i < older.count ? older.timestamps[i]! : Number.POSITIVE_INFINITY
    const u = j < newer.count ? newer.timestamps[j]! : Number.POSITIVE_INFINITY
    if (t < u) take(older, i++)
    else {
      if (t === u) i++
      take(newer, j++)
    }
  }
  return part(asStretch(whole), 0, at)
}

interface Columns {
  readonly timestamps: Float64Array
  readonly recordedAt: Float64Array
  readonly vectors: Uint8Array
  readonly payloads: (string | null)[]
}

function emptyColumns(count: number, vectorBytes: number): Columns {
  return {
    timestamps: new Float64Array(count),
    recordedAt: new Float64Array(count),
    vectors: new Uint8Array(count * vectorBytes),
    payloads: new Array<string | null>(count).fill(null),
  }
}

function asStretch({ timestamps, recordedAt, vectors, payloads }: Columns): Stretch {
  const hasPayloads = payloads.some((payload) => payload !== null)
  return { count: timestamps.length, timestamps, recordedAt, vectors, payloads: hasPayloads ? payloads : undefined }
}
