import { expect, test } from 'vitest'
import { formatByteSize, parseByteSize } from '../src/byte-size.js'

test.each([
  ['1 GiB', 1_073_741_824],
  ['512MB', 512_000_000],
  ['1.5 gib', 1_610_612_736],
  ['64 KiB', 65_536],
  ['2 TiB', 2_199_023_255_552],
  ['100 b', 100],
  ['0.1 KB', 100],
  [' 1 KB ', 1000],
  [4096, 4096],
  [0, 0],
])('%j is %d bytes', (input, bytes) => {
  expect(parseByteSize(input)).toBe(bytes)
})

test.each(['', '1', 'GiB', '1 GiBs', '-1 MB', '1e3 MB', '1,5 GB', '1 MB 2 KB', '999999999999999 TiB', 1.5, -1, 2 ** 53, Number.NaN, null, true, 1n])(
  '%s is no size',
  (input) => {
    expect(parseByteSize(input)).toBeUndefined()
  },
)

test('a size is written in the largest unit that leaves it whole, and reads back', () => {
  expect([2 ** 30, 1536 * 2 ** 20, 1000, 65_536].map(formatByteSize)).toEqual(['1 GiB', '1536 MiB', '1000 B', '64 KiB'])
  for (const bytes of [1, 1023, 1024, 2 ** 20, 2 ** 40, 3 * 2 ** 30]) expect(parseByteSize(formatByteSize(bytes))).toBe(bytes)
})
