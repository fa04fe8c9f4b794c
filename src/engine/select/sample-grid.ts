import { DAY_MS } from '../../calendar.js'
import { QueryLimitError } from '../../errors.js'
import { addIntervals, type Interval } from '../../interval.js'
import { TIMESTAMP_MAX, type Timestamp } from '../../timestamp.js'
import { STEPS_MAX } from '../bind/grid.js'

const WEEK_MS = 7 * DAY_MS
/** 1970-01-05, the first Monday: ISO-8601 weeks begin there. */
const FIRST_MONDAY = 4 * DAY_MS
/** The mean of the Gregorian calendar, for a first guess. */
const MONTH_MS = (146_097 / 4800) * DAY_MS

/** The buckets of a SAMPLE BY: bucket k begins at the origin plus k steps, not chained, and ends before the next one begins. */
export class SampleGrid {
  private readonly stepMs: number

  constructor(
    private readonly origin: Timestamp,
    private readonly step: Interval,
  ) {
    this.stepMs = step.months * MONTH_MS + step.ms
  }

  /** Where a bucket begins. */
  startOf(bucket: number): Timestamp {
    const start = addIntervals(this.origin, this.step, bucket)
    return Number.isNaN(start) ? Math.sign(bucket) * TIMESTAMP_MAX : start
  }

  bucketOf(at: Timestamp): number {
    let bucket = Math.floor((at - this.origin) / this.stepMs)
    while (addIntervals(this.origin, this.step, bucket) > at) bucket--
    while (addIntervals(this.origin, this.step, bucket + 1) <= at) bucket++
    return bucket
  }
}

/** Buckets count from the beginning of the range; without one by the UTC calendar: from 1970, weeks from Monday. */
export function sampleGrid(step: Interval, from: Timestamp | undefined): SampleGrid {
  const isWeeks = step.months === 0 && step.ms % WEEK_MS === 0
  return new SampleGrid(from ?? (isWeeks ? FIRST_MONDAY : 0), step)
}

/** The rows of a series of buckets. */
export interface BucketRows<Value, Row> {
  /** Of a bucket that something fell into. */
  readonly met: (bucket: number, value: Value) => Row
  /** Of an empty one. Undefined: these have no row. `before`: what was last before it; `after`: what came next, undefined behind the last one. */
  readonly empty: ((bucket: number, before: Value | undefined, after: Value | undefined) => Row) | undefined
}

/** Walks the buckets of one series in order, and meets those that nothing fell into. */
export class BucketWalk<Value, Row> {
  private next: number | undefined

  /**
   * @param first  Where the series begins; undefined: where the first value falls.
   * @param last  Where it ends; undefined: where the last value falls.
   * @param before  The value before the first bucket.
   */
  constructor(
    private readonly rows: BucketRows<Value, Row>,
    first: number | undefined,
    private readonly last: number | undefined,
    private before: Value | undefined,
  ) {
    this.next = first
  }

  /** Passes the empty buckets before one that something has fallen into. @param value  The first thing in it. */
  reach(bucket: number, value: Value): Generator<Row> {
    return this.passEmpty(bucket - 1, value)
  }

  /** @param bucket  After all earlier ones. @param value  What stands for it, the last thing in it. */
  *meet(bucket: number, value: Value): Generator<Row> {
    yield* this.passEmpty(bucket - 1, value)
    yield this.rows.met(bucket, value)
    this.before = value
    this.next = bucket + 1
  }

  *end(): Generator<Row> {
    if (this.last !== undefined) yield* this.passEmpty(this.last, undefined)
  }

  private *passEmpty(last: number, after: Value | undefined): Generator<Row> {
    const { empty } = this.rows
    if (this.next === undefined || empty === undefined) return
    if (last - this.next >= STEPS_MAX) throw tooMany()
    while (this.next <= last) yield empty(this.next++, this.before, after)
  }
}

function tooMany(): QueryLimitError {
  return new QueryLimitError(`More than ${STEPS_MAX} buckets in a row are empty. Take a longer SAMPLE BY or a shorter range.`, STEPS_MAX, undefined)
}
