import { isDate } from 'node:util/types'
import { DAY_MS, daysFromCalendar, daysInMonth } from './calendar.js'
import { type BatchPlace, described, InvalidTimestampError } from './errors.js'

/** Epoch milliseconds as a double: what `Date.now()` returns. Whole milliseconds are exact. */
export type Timestamp = number

/** What is accepted as a moment: epoch milliseconds, a Date, ISO-8601 text with Z or an offset, or a Temporal object. */
export type TimestampInput = number | string | Date | { readonly epochMilliseconds: number }

/** The range of a JavaScript Date, in milliseconds on either side of 1970. */
export const TIMESTAMP_MAX = 8.64e15

const EXPECTED = "epoch milliseconds, a Date, or ISO-8601 text such as '2030', '2030-12-31' or '2030-12-31T08:00:00Z'"

/** A moment as the number that is stored for it: epoch milliseconds. @throws {InvalidTimestampError} */
export function toTimestamp(input: unknown, place?: BatchPlace): Timestamp {
  if (typeof input === 'number') return checked(input, input, place)
  if (typeof input === 'string') {
    const parsed = parseTimestamp(input)
    if (typeof parsed === 'number') return parsed
    return fail(parsed.problem, input, place)
  }
  if (isDate(input)) return checked(input.getTime(), input, place)
  if (typeof input === 'bigint')
    return fail(`A timestamp is a number of milliseconds, not a BigInt. Write Number(value), or Number(value) / 1e6 for nanoseconds.`, input, place)
  if (typeof input === 'object' && input !== null && 'epochMilliseconds' in input) {
    const { epochMilliseconds } = input
    if (typeof epochMilliseconds === 'number') return checked(epochMilliseconds, epochMilliseconds, place)
  }
  return fail(`A timestamp should be ${EXPECTED}; it is ${described(input)}.`, input, place)
}

function checked(value: number, input: unknown, place: BatchPlace | undefined): Timestamp {
  if (Math.abs(value) <= TIMESTAMP_MAX) return value === 0 ? 0 : value
  return fail(`A timestamp should be finite and within ±8.64e15 milliseconds of 1970; it is ${described(input)}.`, input, place)
}

function fail(claim: string, input: unknown, place: BatchPlace | undefined): never {
  throw new InvalidTimestampError(claim, EXPECTED, described(input), place)
}

const DATE = /^([+-]\d{6}|\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/
const DATE_TIME = /^([+-]\d{6}|\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,40}))?)?(Z|[+-]\d{2}(?::?\d{2})?)?$/i

/**
 * Reads ISO-8601 text: a date is its start in UTC; a time of day needs `Z` or an offset; fractions go to the microsecond.
 *
 * @returns epoch milliseconds, or what is wrong with the text.
 * @example parseTimestamp('2030-12-31T08:00:00.000250+02:00') // 1924927200000.25
 */
export function parseTimestamp(text: string): Timestamp | { readonly problem: string } {
  const match = DATE.exec(text) ?? DATE_TIME.exec(text)
  if (match === null) return { problem: `'${shortened(text)}' is not a time. Expected ${EXPECTED}.` }
  const [, year, month = '01', day = '01', hour, minute, second = '00', fraction = '', zone] = match
  const midnight = midnightMs(year!, Number(month), Number(day))
  if (midnight === undefined) return { problem: `'${text}' names a day that does not exist.` }
  if (hour === undefined) return inRange(midnight, text)
  if (zone === undefined) {
    return { problem: `'${shortened(text)}' does not say in which time zone it is. Add Z for UTC, or an offset such as +02:00.` }
  }
  const offset = offsetMs(zone)
  const [h, m, s] = [Number(hour), Number(minute), Number(second)]
  if (h > 23 || m > 59 || s > 59 || offset === undefined) return { problem: `'${shortened(text)}' names a time of day that does not exist.` }
  const digits = fraction.replace(/0+$/, '')
  if (digits.length > 6)
    return { problem: `'${shortened(text)}' is finer than a microsecond, which a timestamp cannot keep. Round it to six digits.` }
  const whole = midnight + (h * 60 + m) * 60_000 + s * 1000 - offset
  return inRange(digits === '' ? whole : whole + Number(digits.padEnd(6, '0')) / 1000, text)
}

function inRange(timestamp: Timestamp, text: string): Timestamp | { readonly problem: string } {
  if (Math.abs(timestamp) <= TIMESTAMP_MAX) return timestamp
  return { problem: `'${shortened(text)}' is beyond ±8.64e15 milliseconds of 1970.` }
}

/** Undefined: there is no such day. ISO-8601 writes the year 0 as +000000 or 0000, never -000000. */
function midnightMs(year: string, month: number, day: number): number | undefined {
  if (year === '-000000' || month < 1 || month > 12 || day < 1 || day > daysInMonth(Number(year), month)) return undefined
  return daysFromCalendar({ year: Number(year), month, day }) * DAY_MS
}

function offsetMs(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = zone.length > 3 ? Number(zone.slice(-2)) : 0
  if (hours > 23 || minutes > 59) return undefined
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** ISO-8601 text in UTC with as many digits of a second as the timestamp has, up to the microsecond. */
export function formatTimestamp(timestamp: Timestamp): string {
  const wholeMs = Math.floor(timestamp)
  const text = new Date(wholeMs).toISOString()
  const micros = Math.round((timestamp - wholeMs) * 1000)
  if (micros === 0) return text
  if (micros === 1000) return new Date(wholeMs + 1).toISOString()
  return text.replace('Z', `${String(micros).padStart(3, '0')}Z`)
}

const YEAR_1971 = 365 * DAY_MS

/**
 * Whether timestamps are more likely seconds than milliseconds: read as milliseconds, all lie within 1970.
 *
 * One moment outside 1970 clears them all, and so does 0, where relative times begin.
 */
export function looksLikeSeconds(timestamps: Iterable<Timestamp>): boolean {
  let isEmpty = true
  for (const timestamp of timestamps) {
    if (timestamp <= 0 || timestamp >= YEAR_1971) return false
    isEmpty = false
  }
  return !isEmpty
}

const number = new Float64Array(1)
const bits = new BigInt64Array(number.buffer)

/** The next smaller double: the last moment that can be stored before a finite one. */
export function justBefore(timestamp: Timestamp): Timestamp {
  if (timestamp === 0) return -Number.MIN_VALUE
  number[0] = timestamp
  bits[0]! += timestamp > 0 ? -1n : 1n
  return number[0]
}

/** The next greater double. */
export function justAfter(timestamp: Timestamp): Timestamp {
  return -justBefore(-timestamp)
}
