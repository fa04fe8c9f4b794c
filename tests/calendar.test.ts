import { expect, test } from 'vitest'
import { calendarFromDays, DAY_MS, daysFromCalendar, daysInMonth } from '../src/calendar.js'

test('days and calendar agree with Date on every day of 1600 to 2400', () => {
  const first = Date.UTC(1600, 0, 1) / DAY_MS
  const last = Date.UTC(2400, 11, 31) / DAY_MS
  for (let days = first; days <= last; days++) {
    const date = new Date(days * DAY_MS)
    const calendar = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
    if (calendarFromDays(days).day !== calendar.day) expect(calendarFromDays(days)).toEqual(calendar)
    if (daysFromCalendar(calendar) !== days) expect(daysFromCalendar(calendar)).toBe(days)
  }
  expect(calendarFromDays(last)).toEqual({ year: 2400, month: 12, day: 31 })
})

test('days and calendar agree with Date at the ends of its range and before the year 0', () => {
  for (const days of [-100_000_000, -99_999_999, -800_000, -719_528, -719_162, -1, 0, 99_999_999, 100_000_000]) {
    const date = new Date(days * DAY_MS)
    const calendar = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
    expect(calendarFromDays(days)).toEqual(calendar)
    expect(daysFromCalendar(calendar)).toBe(days)
  }
})

test('the calendar goes on beyond what a Date holds, with the same 400 years', () => {
  expect(daysFromCalendar({ year: 999_999, month: 1, day: 1 })).toBe(daysFromCalendar({ year: 399, month: 1, day: 1 }) + 2499 * 146_097)
  expect(calendarFromDays(daysFromCalendar({ year: 999_999, month: 2, day: 28 }) + 1)).toEqual({ year: 999_999, month: 3, day: 1 })
})

test('February has 29 days in years divisible by 4, not by 100, but by 400', () => {
  expect([1900, 2000, 2023, 2024, 2100, 0, -4].map((year) => daysInMonth(year, 2))).toEqual([28, 29, 28, 29, 28, 29, 29])
  expect([1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((month) => daysInMonth(2023, month))).toEqual([31, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
})
