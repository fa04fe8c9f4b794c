import { expect, test } from 'vitest'
import { padded, widthOf } from '../../src/cli/text-width.js'

test.each([
  ['', 0],
  ['climate', 7],
  ['… 32', 4],
  ['Klíma', 5],
  ['Kli\u0301ma', 5], // the accent is a mark of its own
  ['气候', 4],
  ['気候 a', 6],
  ['기후', 4],
  ['😀', 2],
])('%j takes %i columns', (text, width) => {
  expect(widthOf(text)).toBe(width)
})

test('text is padded to a width, and never cut', () => {
  expect(padded('气候', 6)).toBe('气候  ')
  expect(padded('climate', 3)).toBe('climate')
})
