import { calendarFromDays, DAY_MS, daysFromCalendar, daysInMonth } from './calendar.js'
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
/** An amount, its unit, and a comma when another part follows. */
const PART = /\s*([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*([a-z]+)\s*(?:,(?=\s*[+-]?\d))?/iy
const TEXT_MAX = 200

/** The unit names that `parseInterval` knows, for messages. */
export const INTERVAL_UNITS = 'ms, s, m, h, d, w, or milliseconds, seconds, minutes, hours, days, weeks, months, quarters, years'

/**
 * Reads `7 days`, `1 month`, `2h`, `1 year 6 months`.
 *
 * @returns undefined: not an interval. Months, quarters and years must be whole.
 */
export function parseInterval(text: string): Interval | undefined {
  if (text.length > TEXT_MAX || text.trim() === '') return undefined
  let months = 0
  let ms = 0
  for (let at = 0; at < text.length; at = PART.lastIndex) {
    PART.lastIndex = at
    const part = PART.exec(text)
    if (part === null) return undefined
    const amount = Number(part[1])
    const unit = singular(part[2]!.toLowerCase())
    if (Object.hasOwn(MS, unit)) ms += amount * MS[unit]!
    else if (Object.hasOwn(MONTHS, unit) && Number.isInteger(amount)) months += amount * MONTHS[unit]!
    else return undefined
  }
  return Number.isFinite(ms) && Number.isSafeInteger(months) ? { months, ms } : undefined
}

function singular(unit: string): string {
  return unit.length > 2 && unit.endsWith('s') ? unit.slice(0, -1) : unit
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
  const days = Math.floor(start / DAY_MS)
  const { year, month, day } = calendarFromDays(days)
  const monthIndex = year * 12 + (month - 1) + months
  const moved = { year: Math.floor(monthIndex / 12), month: (((monthIndex % 12) + 12) % 12) + 1 }
  const midnight = daysFromCalendar({ ...moved, day: Math.min(day, daysInMonth(moved.year, moved.month)) }) * DAY_MS
  return midnight + (start - days * DAY_MS)
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
