import { describe, expect, test } from 'vitest'
import { LocalTime } from '../../src/cli/transfer/local-time.js'
import { momentOf } from '../../src/cli/transfer/time-cell.js'

const plain = { unit: undefined, zone: undefined }

describe('a number', () => {
  test.each<[unknown, 's' | 'ms' | 'us' | 'ns' | undefined, number]>([
    ['1700000000', 's', 1_700_000_000_000],
    ['1700000000.123', 's', 1_700_000_000_123],
    [1_700_000_000.123, 's', 1_700_000_000_123],
    ['1700000000123.25', 'ms', 1_700_000_000_123.25],
    ['1700000000123456', 'us', 1_700_000_000_123.456],
    ['1700000000123456789', 'ns', Number('1700000000123.456789')],
    [1_700_000_000_123_456_789n, 'ns', Number('1700000000123.456789')],
    ['1.7e9', 's', 1_700_000_000_000],
    ['-0.5', 's', -500],
    [1000, undefined, 1000],
    ['10000', undefined, 10_000],
    ['2030', 's', 2_030_000],
    ['2030', undefined, Date.UTC(2030, 0)], // four digits are a year
    [2030, undefined, 2030], // of JSON it is a number
  ])('%s in %s is %s', (cell, unit, moment) => expect(momentOf(cell, { ...plain, unit })).toBe(moment))
})

describe('a time without an offset', () => {
  // IANA tz database: Europe/Berlin is at +1, from 2024-03-31 01:00 UTC to 2024-10-27 01:00 UTC at +2.
  const berlin = { unit: undefined, zone: new LocalTime('Europe/Berlin') }

  test.each<[string, string]>([
    ['2024-01-15 12:00', '2024-01-15T11:00:00Z'],
    ['2024-07-15T12:00:00.250', '2024-07-15T10:00:00.250Z'],
    ['2024-03-31 01:59:59', '2024-03-31T00:59:59Z'],
    ['2024-03-31 03:00', '2024-03-31T01:00:00Z'],
    ['2024-10-27 01:59', '2024-10-26T23:59:00Z'],
    ['2024-10-27 03:00', '2024-10-27T02:00:00Z'],
    ['2024-07-15', '2024-07-14T22:00:00Z'],
    ['2024-07', '2024-06-30T22:00:00Z'],
    ['2024', '2023-12-31T23:00:00Z'],
    ['2024-07-15T12:00:00Z', '2024-07-15T12:00:00Z'],
    ['2024-07-15T12:00:00+05:30', '2024-07-15T06:30:00Z'],
  ])('%s in Berlin is %s', (text, moment) => expect(momentOf(text, berlin)).toBe(Date.parse(moment)))

  test('may be at an odd offset, and before 1970', () => {
    expect(momentOf('2024-01-15 12:00', { ...plain, zone: new LocalTime('Asia/Kathmandu') })).toBe(Date.parse('2024-01-15T06:15:00Z'))
    expect(momentOf('1930-01-15 12:00', { ...plain, zone: new LocalTime('America/New_York') })).toBe(Date.parse('1930-01-15T17:00:00Z'))
  })

  test('that clocks went past is refused', () =>
    expect(() => momentOf('2024-03-31 02:30', berlin)).toThrow('There was no 2024-03-31 02:30 in Europe/Berlin: clocks were put forward past it.'))

  test('that was twice is refused with both offsets', () =>
    expect(() => momentOf('2024-10-27 02:30', berlin)).toThrow(
      '2024-10-27 02:30 was twice in Europe/Berlin, when clocks were put back: at offset +02:00 or +01:00.',
    ))

  test('of a day whose midnight clocks went past begins with the first moment there is', () => {
    // America/Sao_Paulo put its clocks from 2018-11-04 00:00 at -3 to 01:00 at -2.
    expect(momentOf('2018-11-04', { ...plain, zone: new LocalTime('America/Sao_Paulo') })).toBe(Date.parse('2018-11-04T03:00:00Z'))
  })

  test('is refused where no zone was named', () => expect(() => momentOf('2024-01-15 12:00', plain)).toThrow('--time-zone'))
})

test('an empty cell is no time', () => {
  for (const cell of [undefined, null, '', ' ']) expect(momentOf(cell, plain)).toBeUndefined()
})
