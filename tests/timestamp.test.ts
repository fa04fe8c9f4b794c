import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { InvalidTimestampError } from '../src/errors.js'
import { formatTimestamp, justAfter, justBefore, looksLikeSeconds, parseTimestamp, TIMESTAMP_MAX, toTimestamp } from '../src/timestamp.js'
import { randomNumbers } from './support/random-numbers.js'

describe('toTimestamp', () => {
  test('takes numbers, Dates and Temporal-like objects as epoch milliseconds', () => {
    expect(toTimestamp(1700000000000.25)).toBe(1700000000000.25)
    expect(toTimestamp(new Date('2022-12-31'))).toBe(Date.UTC(2022, 11, 31))
    expect(toTimestamp({ epochMilliseconds: -5 })).toBe(-5)
    expect(toTimestamp('2030')).toBe(Date.UTC(2030, 0, 1))
  })

  test('takes a Date of another realm', () => {
    expect(toTimestamp(runInNewContext('new Date(86400000)'))).toBe(86_400_000)
  })

  test('gives -0 as 0, whose bytes are a key', () => {
    expect(Object.is(toTimestamp(-0), 0)).toBe(true)
    expect(Object.is(toTimestamp({ epochMilliseconds: -0 }), 0)).toBe(true)
    expect(Object.is(toTimestamp('1970-01-01T00:00:00-00:00'), 0)).toBe(true)
  })

  test('ends where the Date of JavaScript ends', () => {
    expect(toTimestamp(TIMESTAMP_MAX)).toBe(8.64e15)
    expect(toTimestamp(-TIMESTAMP_MAX)).toBe(-8.64e15)
    expect(() => toTimestamp(TIMESTAMP_MAX + 1)).toThrow(InvalidTimestampError)
    expect(() => toTimestamp(-TIMESTAMP_MAX - 1)).toThrow(InvalidTimestampError)
  })

  test.each([
    [Number.NaN, 'it is NaN'],
    [Number.POSITIVE_INFINITY, 'it is Infinity'],
    [new Date('nonsense'), 'it is the Date (invalid)'],
    [null, 'it is null'],
    [undefined, 'it is undefined'],
    [true, 'it is true'],
    [{}, 'it is an object'],
    [{ epochMilliseconds: '5' }, 'it is an object'],
    [['2030'], 'it is a list of 1'],
    [10n, 'not a BigInt. Write Number(value), or Number(value) / 1e6 for nanoseconds'],
    ['', "'' is not a time"],
    ['1700000000000', "'1700000000000' is not a time"],
  ])('refuses %s', (input, words) => {
    expect(() => toTimestamp(input)).toThrow(words)
    expect(() => toTimestamp(input)).toThrow(expect.objectContaining({ code: 'TIMESTAMP_INVALID', collection: undefined, index: undefined }))
  })

  test('names the place in a batch, and that nothing was written', () => {
    expect(() => toTimestamp('yesterday', { collection: 'words', index: 3 })).toThrow(
      expect.objectContaining({
        code: 'TIMESTAMP_INVALID',
        collection: 'words',
        index: 3,
        received: "'yesterday'",
        message:
          'Item 3 of this batch for collection "words": \'yesterday\' is not a time. Expected epoch milliseconds, a Date, or ISO-8601 text ' +
          "such as '2030', '2030-12-31' or '2030-12-31T08:00:00Z'. Nothing of the batch was written.",
      }),
    )
  })
})

describe('parseTimestamp', () => {
  test.each([
    ['2030', Date.UTC(2030, 0, 1)],
    ['2030-12', Date.UTC(2030, 11, 1)],
    ['2030-12-31', Date.UTC(2030, 11, 31)],
    ['2030-12-31T08:15Z', Date.UTC(2030, 11, 31, 8, 15)],
    ['2030-12-31T08:15:30Z', Date.UTC(2030, 11, 31, 8, 15, 30)],
    ['2030-12-31 08:15:30z', Date.UTC(2030, 11, 31, 8, 15, 30)],
    ['2030-12-31t08:15:30.5Z', Date.UTC(2030, 11, 31, 8, 15, 30, 500)],
    ['2030-12-31T08:15:30,25Z', Date.UTC(2030, 11, 31, 8, 15, 30, 250)],
    ['2030-12-31T08:15:30.000250Z', Date.UTC(2030, 11, 31, 8, 15, 30) + 0.25],
    ['2030-12-31T08:15:30.123456000Z', Date.UTC(2030, 11, 31, 8, 15, 30) + 123.456],
    ['2030-12-31T00:30:00+02:00', Date.UTC(2030, 11, 30, 22, 30)],
    ['2030-12-31T00:30:00+0530', Date.UTC(2030, 11, 30, 19, 0)],
    ['2030-12-31T23:30:00-01', Date.UTC(2031, 0, 1, 0, 30)],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
    ['2000-02-29', Date.UTC(2000, 1, 29)],
    ['1969-12-31T23:59:59.9995Z', -0.5],
    ['0000-01-01', -62_167_219_200_000],
    ['0099-06-15', Date.parse('0099-06-15T00:00:00Z')],
    ['+010000-01-01', Date.parse('+010000-01-01T00:00:00Z')],
    ['-000001-12-31', Date.parse('-000001-12-31T00:00:00Z')],
    ['+275760-09-13', 8.64e15],
    ['+275760-09-13T05:00:00+05:00', 8.64e15],
    ['-271821-04-20', -8.64e15],
    ['-271821-04-19T22:00:00-02:00', -8.64e15],
  ])('reads %s', (text, timestamp) => {
    expect(parseTimestamp(text)).toBe(timestamp)
  })

  test.each([
    ['2030-12-31T08:00:00', 'does not say in which time zone it is. Add Z for UTC'],
    ['2030-12-31T08:00', 'does not say in which time zone it is'],
    ['2023-02-29', "'2023-02-29' names a day that does not exist"],
    ['1900-02-29', 'names a day that does not exist'],
    ['2030-13', 'names a day that does not exist'],
    ['2030-00-10', 'names a day that does not exist'],
    ['2030-04-31T00:00:00Z', 'names a day that does not exist'],
    ['2030-01-00', 'names a day that does not exist'],
    ['-000000-01-01', 'names a day that does not exist'],
    ['2030-12-31T24:00:00Z', 'names a time of day that does not exist'],
    ['2030-12-31T23:60:00Z', 'names a time of day that does not exist'],
    ['2030-12-31T23:59:60Z', 'names a time of day that does not exist'],
    ['2030-12-31T10:00:00+24:00', 'names a time of day that does not exist'],
    ['2030-12-31T10:00:00+01:60', 'names a time of day that does not exist'],
    ['2030-12-31T10:00:00.1234567Z', 'is finer than a microsecond'],
    ['+275760-09-14', 'is beyond ±8.64e15 milliseconds of 1970'],
    ['+999999-01-01', 'is beyond ±8.64e15 milliseconds of 1970'],
    ['+275760-09-13T00:00:00.9Z', 'is beyond ±8.64e15 milliseconds of 1970'],
    ['-271821-04-19', 'is beyond ±8.64e15 milliseconds of 1970'],
    ['2030-1-1', 'is not a time'],
    ['20301231', 'is not a time'],
    ['2030-W01', 'is not a time'],
    ['12/31/2030', 'is not a time'],
    ['2030-12-31T08:00:00.Z', 'is not a time'],
    ['2030-12-31T08:00:00 Z', 'is not a time'],
    [' 2030', 'is not a time'],
    ['2030-12-31T08:00:00Z; DROP', 'is not a time'],
    ['x'.repeat(1000), `'${'x'.repeat(57)}...' is not a time`],
  ])('says what is wrong with %s', (text, words) => {
    expect(parseTimestamp(text)).toEqual({ problem: expect.stringContaining(words) })
  })

  test('agrees with Date.parse on 2,000 random whole milliseconds of its whole range', () => {
    const random = randomNumbers(1)
    for (let i = 0; i < 2000; i++) {
      const timestamp = Math.round((random() * 2 - 1) * TIMESTAMP_MAX)
      expect(parseTimestamp(new Date(timestamp).toISOString())).toBe(timestamp)
    }
  })
})

describe('formatTimestamp', () => {
  test('writes as many digits as there are', () => {
    expect(formatTimestamp(Date.UTC(2030, 11, 31))).toBe('2030-12-31T00:00:00.000Z')
    expect(formatTimestamp(Date.UTC(2030, 11, 31) + 0.25)).toBe('2030-12-31T00:00:00.000250Z')
    expect(formatTimestamp(-0.5)).toBe('1969-12-31T23:59:59.999500Z')
    expect(formatTimestamp(8.64e15)).toBe('+275760-09-13T00:00:00.000Z')
  })

  test('carries a fraction that rounds up to a whole millisecond', () => {
    expect(formatTimestamp(999.9996)).toBe('1970-01-01T00:00:01.000Z')
    expect(formatTimestamp(-0.0004)).toBe('1970-01-01T00:00:00.000Z')
  })

  test('is read back as the same number wherever microseconds tell numbers apart', () => {
    const random = randomNumbers(2)
    for (let i = 0; i < 2000; i++) {
      const microseconds = Math.round((random() * 2 - 1) * 4e15) // 1843 to 2096
      const timestamp = microseconds / 1000
      expect(parseTimestamp(formatTimestamp(timestamp))).toBe(timestamp)
    }
    for (let i = 0; i < 2000; i++) {
      const timestamp = 1e14 * (1 + random()) // the years 5138 to 8307, where doubles are 16 to 31 µs apart
      expect(parseTimestamp(formatTimestamp(timestamp))).toBe(timestamp)
    }
  })

  test('moves no timestamp of today by more than half a microsecond and its own rounding', () => {
    const random = randomNumbers(3)
    for (let i = 0; i < 2000; i++) {
      const timestamp = 1.7e12 + random() * 1e9
      const read = parseTimestamp(formatTimestamp(timestamp))
      expect(Math.abs((read as number) - timestamp)).toBeLessThanOrEqual(0.0005 + 2 ** -12)
    }
  })
})

describe('looksLikeSeconds', () => {
  const today = 1_700_000_000

  test('sees seconds of our time, which read as milliseconds are the 20th of January 1970', () => {
    expect(looksLikeSeconds([today, today + 60])).toBe(true)
    expect(looksLikeSeconds([1, 365 * 86_400_000 - 1])).toBe(true)
  })

  test('is cleared by one moment outside 1970, by 0, where relative times begin, and by having none', () => {
    expect(looksLikeSeconds([today, today * 1000])).toBe(false)
    expect(looksLikeSeconds([today, 365 * 86_400_000])).toBe(false)
    expect(looksLikeSeconds([today, -1])).toBe(false)
    expect(looksLikeSeconds([0, 1000, 2000])).toBe(false)
    expect(looksLikeSeconds([])).toBe(false)
  })
})

test.each([
  [0, Number.MIN_VALUE],
  [-0, Number.MIN_VALUE],
  [1, 1 + Number.EPSILON],
  [-1, -1 + Number.EPSILON / 2],
  [-Number.MIN_VALUE, -0],
  [2 ** 40, 2 ** 40 + 2 ** -12],
])('the double just after %d is the next one, and just before that is this one', (timestamp, next) => {
  expect(justAfter(timestamp)).toBe(next)
  expect(justBefore(next)).toBe(timestamp === 0 ? 0 : timestamp)
})
