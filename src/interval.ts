import { TIMESTAMP_MAX, type Timestamp } from './timestamp.js'

/** A span of time: whole UTC calendar months, then milliseconds. */
export interface Interval {
  readonly months: number
  readonly ms: number
}

const MS: Readonly<Record<string, number>> = {
  ms: 1,
  millisecond: 1,
  s: 1000,
  second: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
}
const MONTHS: Readonly<Record<string, number>> = { month: 1, quarter: 3, year: 12 }
const PART = /^([+-]?\d+(?:\.\d+)?)\s*([a-z]+)$/i

/** The unit names that `parseInterval` knows, for messages. */
export const INTERVAL_UNITS = 'ms, s, m, h, d, w, or milliseconds, seconds, minutes, hours, days, weeks, months, quarters, years'

/**
 * Reads `7 days`, `1 month`, `2h`, `1 year 6 months`.
 *
 * @returns undefined: not an interval. Months and years must be whole.
 */
export function parseInterval(text: string): Interval | undefined {
  const words = text.trim().match(/[+-]?\d+(?:\.\d+)?\s*[a-z]+/gi)
  if (words === null || words.join('').replace(/\s/g, '') !== text.replace(/[\s,]/g, '')) return undefined
  let months = 0
  let ms = 0
  for (const word of words) {
    const [, digits, name] = PART.exec(word)!
    const amount = Number(digits)
    const unit = name!.toLowerCase()
    const singular = unit.length > 2 && unit.endsWith('s') ? unit.slice(0, -1) : unit
    if (Object.hasOwn(MS, singular)) ms += amount * MS[singular]!
    else if (Object.hasOwn(MONTHS, singular) && Number.isInteger(amount)) months += amount * MONTHS[singular]!
    else return undefined
  }
  return Number.isFinite(ms) && Number.isFinite(months) ? { months, ms } : undefined
}

/**
 * `start` plus `count` intervals, counted from the start and not chained: a month's end is clamped once.
 *
 * @returns NaN beyond the range of timestamps.
 * @example addIntervals(Date.UTC(2024, 0, 31), { months: 1, ms: 0 }, 2) // 2024-03-31
 */
export function addIntervals(start: Timestamp, { months, ms }: Interval, count: number): Timestamp {
  const moved = (months === 0 ? start : addMonths(start, months * count)) + ms * count
  return Math.abs(moved) <= TIMESTAMP_MAX ? moved : Number.NaN
}

function addMonths(start: Timestamp, months: number): Timestamp {
  const wholeMs = Math.floor(start)
  const date = new Date(wholeMs)
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + months)
  const lastDay = new Date(date.getTime())
  lastDay.setUTCMonth(lastDay.getUTCMonth() + 1, 0)
  date.setUTCDate(Math.min(day, lastDay.getUTCDate()))
  return date.getTime() + (start - wholeMs)
}

/** Text that `parseInterval` reads back as the same interval. */
export function formatInterval({ months, ms }: Interval): string {
  const parts: string[] = []
  if (months !== 0) parts.push(months % 12 === 0 ? plural(months / 12, 'year') : plural(months, 'month'))
  if (ms !== 0 || months === 0) {
    const [unit, size] = (['week', 'day', 'hour', 'minute', 'second'] as const)
      .map((name) => [name, MS[name]!] as const)
      .find(([, size]) => ms !== 0 && ms % size === 0) ?? ['millisecond', 1]
    parts.push(plural(ms / size, unit))
  }
  return parts.join(' ')
}

function plural(count: number, unit: string): string {
  return `${count} ${unit}${Math.abs(count) === 1 ? '' : 's'}`
}
