import { describe, expect, test } from 'vitest'
import { addIntervals, formatInterval, type Interval, parseInterval } from '../src/interval.js'
import { TIMESTAMP_MAX } from '../src/timestamp.js'
import { randomNumbers } from './support/random-numbers.js'

const DAY = 86_400_000
const MONTH: Interval = { months: 1, ms: 0 }

describe('parseInterval', () => {
  test.each([
    ['7 days', { months: 0, ms: 7 * DAY }],
    ['1 month', { months: 1, ms: 0 }],
    ['10 years', { months: 120, ms: 0 }],
    ['2 quarters', { months: 6, ms: 0 }],
    ['2h', { months: 0, ms: 7_200_000 }],
    ['90m', { months: 0, ms: 5_400_000 }],
    ['5 mins', { months: 0, ms: 300_000 }],
    ['250ms', { months: 0, ms: 250 }],
    ['1.5 d', { months: 0, ms: 1.5 * DAY }],
    ['0.25 ms', { months: 0, ms: 0.25 }],
    ['1e3 s', { months: 0, ms: 1_000_000 }],
    ['1w', { months: 0, ms: 7 * DAY }],
    ['1 Year, 6 MONTHS', { months: 18, ms: 0 }],
    ['  1 year 2 days  ', { months: 12, ms: 2 * DAY }],
    ['1d12h', { months: 0, ms: 1.5 * DAY }],
    ['-1 day', { months: 0, ms: -DAY }],
    ['1 month -1 day', { months: 1, ms: -DAY }],
    ['0 s', { months: 0, ms: 0 }],
    ['-0 s', { months: 0, ms: 0 }],
  ])('reads %s', (text, interval) => {
    expect(parseInterval(text)).toEqual(interval)
  })

  test.each([
    '', ' ', 'day', '7', '7 fortnights', '1.5 months', '0.5 years', '1 0 days', '1,000 days', '1 day,', ', 1 day', '1 day; 2 days', '- 1 day',
    '1..5 days', 'P1M', '1 day 2', '1e400 s', '1e300 years', 'constructor', '1 constructor', `${'1'.repeat(500)} s`,
  ])('refuses %j', (text) => {
    expect(parseInterval(text)).toBeUndefined()
  }) // biome-ignore format: a list
})

describe('addIntervals', () => {
  test('clamps a month to its end, counted from the start and not chained', () => {
    const start = Date.UTC(2024, 0, 31)
    const ends = [1, 2, 3, 4, 12, 13].map((count) => new Date(addIntervals(start, MONTH, count)).toISOString().slice(0, 10))
    expect(ends).toEqual(['2024-02-29', '2024-03-31', '2024-04-30', '2024-05-31', '2025-01-31', '2025-02-28'])
  })

  test('goes back in time, too', () => {
    expect(addIntervals(Date.UTC(2024, 2, 31), MONTH, -1)).toBe(Date.UTC(2024, 1, 29))
    expect(addIntervals(Date.UTC(2024, 0, 15), { months: -1, ms: 0 }, 13)).toBe(Date.UTC(2022, 11, 15))
    expect(addIntervals(Date.UTC(1969, 11, 31, 23), MONTH, -10)).toBe(Date.UTC(1969, 1, 28, 23))
  })

  test('a year after a leap day is the 28th of February, and four are a leap day again', () => {
    const leapDay = Date.UTC(2024, 1, 29)
    expect(addIntervals(leapDay, { months: 12, ms: 0 }, 1)).toBe(Date.UTC(2025, 1, 28))
    expect(addIntervals(leapDay, { months: 12, ms: 0 }, 4)).toBe(Date.UTC(2028, 1, 29))
  })

  test('adds months first, then milliseconds', () => {
    expect(addIntervals(Date.UTC(2024, 0, 31), { months: 1, ms: DAY }, 1)).toBe(Date.UTC(2024, 2, 1))
  })

  test('keeps the time of day to the fraction of a millisecond', () => {
    const start = Date.UTC(2024, 0, 31, 13, 14, 15, 16) + 0.25
    expect(addIntervals(start, MONTH, 1)).toBe(Date.UTC(2024, 1, 29, 13, 14, 15, 16) + 0.25)
    expect(addIntervals(-0.25, MONTH, 1)).toBe(Date.UTC(1970, 0, 31, 23, 59, 59, 999) + 0.75)
  })

  test('a step of days is exact at any count', () => {
    expect(addIntervals(0, { months: 0, ms: DAY }, 36_500)).toBe(36_500 * DAY)
    expect(addIntervals(1.5, { months: 0, ms: 0.5 }, 3)).toBe(3)
  })

  test('is NaN beyond the range of timestamps, and exact at its end', () => {
    expect(addIntervals(TIMESTAMP_MAX - 1, { months: 0, ms: 1 }, 1)).toBe(TIMESTAMP_MAX)
    expect(addIntervals(TIMESTAMP_MAX, { months: 0, ms: 1 }, 1)).toBeNaN()
    expect(addIntervals(0, { months: 12, ms: 0 }, 300_000)).toBeNaN()
    expect(addIntervals(0, { months: 12, ms: 0 }, 1e300)).toBeNaN()
    expect(addIntervals(-TIMESTAMP_MAX, MONTH, 1)).toBe(-TIMESTAMP_MAX + 30 * DAY)
    expect(addIntervals(-TIMESTAMP_MAX, MONTH, -1)).toBeNaN()
  })

  test('months agree with the setters of Date where no month ends early', () => {
    const random = randomNumbers(4)
    for (let i = 0; i < 2000; i++) {
      const start =
        Date.UTC(1500 + Math.floor(random() * 1000), Math.floor(random() * 12), 1 + Math.floor(random() * 28)) + Math.floor(random() * DAY)
      const months = Math.floor(random() * 4000) - 2000
      const expected = new Date(start)
      expected.setUTCMonth(expected.getUTCMonth() + months)
      expect(addIntervals(start, { months, ms: 0 }, 1)).toBe(expected.getTime())
    }
  })
})

describe('formatInterval', () => {
  test.each([
    [{ months: 0, ms: 0 }, '0 milliseconds'],
    [{ months: 0, ms: DAY }, '1 day'],
    [{ months: 0, ms: 14 * DAY }, '2 weeks'],
    [{ months: 0, ms: 1500 }, '1500 milliseconds'],
    [{ months: 12, ms: 0 }, '1 year'],
    [{ months: 18, ms: 0 }, '18 months'],
    [{ months: -12, ms: -1000 }, '-1 year -1 second'],
  ])('writes %j', (interval, text) => {
    expect(formatInterval(interval)).toBe(text)
  })

  test('is read back as the same interval', () => {
    const random = randomNumbers(5)
    const extremes = [1e-7, 2.5e-17, 0.1 + 0.2, 1e21, 1e300, 7.2e15, 60_480_000.00000001].map((ms) => ({ months: 0, ms }))
    const drawn = Array.from({ length: 1000 }, () => ({
      months: Math.floor(random() * 50) - 25,
      ms: Math.round((random() - 0.5) * 1e6) * [1, 0.001, 1000, DAY, 7 * DAY][Math.floor(random() * 5)]!,
    }))
    for (const interval of [...extremes, ...drawn])
      expect(parseInterval(formatInterval(interval))).toEqual({ months: interval.months + 0, ms: interval.ms + 0 })
  })
})
