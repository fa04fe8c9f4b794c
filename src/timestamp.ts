import { type BatchPlace, described, InvalidTimestampError } from './errors.js'

/** Epoch milliseconds as a double: what `Date.now()` returns. Whole milliseconds are exact. */
export type Timestamp = number

/** What is accepted as a moment: epoch milliseconds, a Date, ISO-8601 text with Z or an offset, or a Temporal object. */
export type TimestampInput = number | string | Date | { readonly epochMilliseconds: number }

/** The range of a JavaScript Date, in milliseconds on either side of 1970. */
export const TIMESTAMP_MAX = 8.64e15

const EXPECTED = "epoch milliseconds, a Date, or ISO-8601 text such as '2030', '2030-12-31' or '2030-12-31T08:00:00Z'"

/** @throws {InvalidTimestampError} */
export function toTimestamp(input: unknown, place?: BatchPlace): Timestamp {
  if (typeof input === 'number') return checked(input, input, place)
  if (typeof input === 'string') {
    const parsed = parseTimestamp(input)
    if (typeof parsed === 'number') return parsed
    return fail(parsed.problem, input, place)
  }
  if (input instanceof Date) return checked(input.getTime(), input, place)
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
const DATE_TIME = /^([+-]\d{6}|\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?(Z|[+-]\d{2}(?::?\d{2})?)?$/i

/**
 * Reads ISO-8601 text: a date is its start in UTC; a time of day needs `Z` or an offset; fractions go to the microsecond.
 *
 * @returns epoch milliseconds, or what is wrong with the text.
 */
export function parseTimestamp(text: string): Timestamp | { readonly problem: string } {
  const date = DATE.exec(text)
  if (date !== null) return assembled(text, date[1]!, date[2] ?? '01', date[3] ?? '01', 0)
  const match = DATE_TIME.exec(text)
  if (match === null) return { problem: `'${shortened(text)}' is not a time. Expected ${EXPECTED}.` }
  const [, year, month, day, hour, minute, second = '00', fraction = '', zone] = match
  if (zone === undefined) {
    return { problem: `'${text}' does not say in which time zone it is. Add Z for UTC, or an offset such as +02:00.` }
  }
  if (fraction.length > 6)
    return { problem: `'${shortened(text)}' is finer than a microsecond, which a timestamp cannot keep. Round it to six digits.` }
  const offset = offsetMs(zone)
  const h = Number(hour)
  const m = Number(minute)
  const s = Number(second)
  if (h > 23 || m > 59 || s > 59 || offset === undefined) return { problem: `'${text}' names a time of day that does not exist.` }
  const sinceMidnightMs = (h * 60 + m) * 60_000 + s * 1000 - offset
  const whole = assembled(text, year!, month!, day!, sinceMidnightMs)
  if (typeof whole !== 'number' || fraction === '') return whole
  return whole + Number(fraction.padEnd(6, '0')) / 1000
}

function assembled(text: string, year: string, month: string, day: string, sinceMidnightMs: number): Timestamp | { readonly problem: string } {
  if (year === '-000000') return { problem: `'${text}' is not a time: ISO-8601 writes the year 0 as +000000 or 0000.` }
  const midnight = utcMidnight(Number(year), Number(month) - 1, Number(day))
  if (midnight === undefined) return { problem: `'${text}' names a day that does not exist.` }
  const timestamp = midnight + sinceMidnightMs
  if (Math.abs(timestamp) > TIMESTAMP_MAX) return { problem: `'${text}' is beyond ±8.64e15 milliseconds of 1970.` }
  return timestamp
}

function offsetMs(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(-2)) * (zone.length > 3 ? 1 : 0)
  if (hours > 23 || minutes > 59) return undefined
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000
}

function utcMidnight(year: number, month: number, day: number): number | undefined {
  const date = new Date(0)
  date.setUTCFullYear(year, month, day)
  if (date.getUTCMonth() !== month || date.getUTCDate() !== day) return undefined
  return date.getTime()
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
