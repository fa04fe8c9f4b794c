import { describe, expect, test } from 'vitest'
import { didYouMean, listed, placeOf } from '../../src/engine/syntax/query-place.js'

const frame = (text: string, start: number, end = start + 1): string => placeOf(text, { start, end }).frame

describe('placeOf', () => {
  test('counts lines and columns from 1', () => {
    expect(placeOf('PREDICT', { start: 0, end: 7 })).toEqual({ line: 1, column: 1, frame: '1 | PREDICT\n  | ^^^^^^^', suggestions: [] })
    expect(placeOf('a\nbc', { start: 3, end: 4 })).toMatchObject({ line: 2, column: 2 })
  })

  test('shows the line before and the line after', () => {
    expect(frame('one\ntwo three\nfour', 8, 13)).toBe('1 | one\n2 | two three\n  |     ^^^^^\n3 | four')
  })

  test('shows no more than one line on either side, and pads the numbers', () => {
    expect(frame('1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11', 17, 18)).toBe(' 8 | 8\n 9 | 9\n   |  ^\n10 | 10')
  })

  test.each([
    ['\n', 4],
    ['\r\n', 5],
    ['\r', 4],
  ])('a line ends at %j', (terminator, start) => {
    expect(placeOf(`one${terminator}two`, { start, end: start + 3 })).toMatchObject({ line: 2, column: 1, frame: '1 | one\n2 | two\n  | ^^^' })
  })

  test('a terminator belongs to the line that it ends', () => {
    expect(placeOf('one\r\ntwo', { start: 3, end: 5 })).toMatchObject({ line: 1, column: 4 })
    expect(placeOf('one\r\ntwo', { start: 4, end: 5 })).toMatchObject({ line: 1, column: 4 })
  })

  test('an empty text has a place', () => {
    expect(placeOf('', { start: 0, end: 0 })).toEqual({ line: 1, column: 1, frame: '1 |\n  | ^', suggestions: [] })
  })

  test('the end of the text is just behind its last character', () => {
    expect(frame('abc', 3, 3)).toBe('1 | abc\n  |    ^')
  })

  test('a span beyond the text is drawn back to its end', () => {
    expect(placeOf('abc', { start: 99, end: 120 })).toMatchObject({ line: 1, column: 4, frame: '1 | abc\n  |    ^' })
  })

  test('a span over several lines is underlined to the end of its first', () => {
    expect(frame('a (b\nc)', 2, 7)).toBe('1 | a (b\n  |   ^^\n2 | c)')
  })

  test('tabs before the mistake are kept, so that the caret stands below it', () => {
    expect(frame('\ta\tb', 3)).toBe('1 | \ta\tb\n  | \t \t^')
  })

  test('a character of two UTF-16 units is one column of the frame', () => {
    expect(frame("'😀' x", 5)).toBe("1 | '😀' x\n  |     ^")
  })

  test('control characters, lone surrogates and marks of direction are made visible', () => {
    expect(frame('a\0\u001b[31m\u202e\ud800b', 9)).toBe('1 | a��[31m��b\n  |          ^')
  })

  test('a long line is cut on both sides of the mistake', () => {
    const [line, carets] = frame(`${'x'.repeat(500)}WRONG${'y'.repeat(500)}`, 500, 505).split('\n')
    expect(line).toBe(`1 | …${'x'.repeat(60)}WRONG${'y'.repeat(55)}…`)
    expect(carets).toBe(`  | ${' '.repeat(61)}^^^^^`)
  })

  test('a cut does not halve a character', () => {
    expect(frame('😀'.repeat(300), 301, 302)).not.toContain('�')
    expect(frame('😀'.repeat(300), 300, 302)).not.toContain('�')
  })

  test('a megabyte on one line has a short frame', () => {
    expect(frame('x'.repeat(1 << 20), 1 << 19).length).toBeLessThan(300)
  })
})

describe('didYouMean', () => {
  test('is told as a question', () => {
    expect(didYouMean(['a', 'b', 'c'])).toBe(' Did you mean a, b or c?')
    expect(didYouMean(['a'])).toBe(' Did you mean a?')
    expect(didYouMean([])).toBe('')
    expect(listed(['a', 'b'], 'and')).toBe('a and b')
  })
})
