import { parseInterval } from '../../interval.js'
import type { Cursor } from './cursor.js'
import { count, numberLiteral, parameter, signed, textLiteral, unquoted } from './parse-value.js'
import { excerpt } from './query-place.js'
import type { Count, First, IntervalNode, Latest, Now, NumberLiteral, Range, Time, TimeBase, TimeShift } from './statement.js'
import type { Token } from './tokenize.js'

const NO_SHIFTS: readonly TimeShift[] = []

/** Time : Base { ( `+` | `-` ) ( Interval | Parameter ) } */
export function time(c: Cursor, expected: string): Time {
  const { start } = c.token
  const base = timeBase(c, expected)
  const shifts = c.isSymbol('+') || c.isSymbol('-') ? timeShifts(c) : NO_SHIFTS
  return { kind: 'time', start, end: c.lastEnd, base, shifts }
}

/** Base : Text | Number | Parameter | `now` `(` `)` | `LATEST` | `FIRST` */
function timeBase(c: Cursor, expected: string): TimeBase {
  const { kind, start, end, text, keyword } = c.token
  if (kind === 'text') return textLiteral(c.advance())
  if (kind === 'number') return numberLiteral(c.advance())
  if (kind === 'index' || kind === 'label') return parameter(c)
  if (keyword === 'now') return now(c)
  if (keyword === 'latest' || keyword === 'first') {
    c.advance()
    return { kind: keyword, start, end } as Latest | First
  }
  const number = signed(c)
  if (number?.kind === 'number') return number
  if (number !== undefined || kind === 'duration') {
    throw c.error(number ?? c.token, `Expected ${expected}; found a span of time. Say from when: now() + ${excerpt(c.text.slice(start, c.lastEnd))}.`)
  }
  if (kind === 'name') throw unquoted(c, expected, text)
  throw c.unexpected(`${expected}: text such as '2030-12-31', milliseconds, now(), LATEST, FIRST or a parameter`, ['now()', 'LATEST', 'FIRST'])
}

/** Now : `now` `(` `)` */
export function now(c: Cursor): Now {
  const { start } = c.advance()
  if (!c.isSymbol('(')) throw c.error({ start, end: c.lastEnd }, 'The present is written with parentheses: now().', ['now()'])
  c.advance()
  c.expectSymbol(')', '")": now() takes nothing')
  return { kind: 'now', start, end: c.lastEnd }
}

function timeShifts(c: Cursor): TimeShift[] {
  const shifts: TimeShift[] = []
  while (c.isSymbol('+') || c.isSymbol('-')) {
    const { start, text } = c.takeOperator()
    const by = interval(c, 'a span of time to add or subtract')
    shifts.push({ kind: 'shift', start, end: c.lastEnd, sign: text === '+' ? 1 : -1, by })
  }
  return shifts
}

/** Interval : `INTERVAL` ( Text | Parameter ) | Signed unit | Parameter */
export function interval(c: Cursor, expected: string): IntervalNode {
  const { kind, start, keyword } = c.token
  if (keyword === 'interval') return wordedInterval(c)
  if (kind === 'index' || kind === 'label') {
    const value = parameter(c)
    return { kind: 'interval', start, end: c.lastEnd, value, worded: false }
  }
  const amount = signed(c)
  if (amount?.kind === 'duration') return { kind: 'interval', start, end: c.lastEnd, value: amount, worded: false }
  if (amount !== undefined) throw withoutUnit(c, amount, expected)
  if (kind === 'text') {
    const worded = `INTERVAL ${excerpt(c.text.slice(start, c.token.end))}`
    throw c.error(c.token, `Expected ${expected}; found text. A span is written ${worded}.`, [worded])
  }
  throw c.unexpected(`${expected}, such as 10d or INTERVAL '1 month'`)
}

/** Interval : `INTERVAL` ( Text | Parameter ) */
export function wordedInterval(c: Cursor): IntervalNode {
  const { start } = c.advance()
  const { kind, start: from } = c.token
  if (kind === 'text') {
    const value = textLiteral(c.advance())
    return { kind: 'interval', start, end: c.lastEnd, value, worded: true }
  }
  if (kind === 'index' || kind === 'label') {
    const value = parameter(c)
    return { kind: 'interval', start, end: c.lastEnd, value, worded: true }
  }
  const amount = signed(c)
  if (amount === undefined) throw c.unexpected(`text such as '1 month', or a parameter, after INTERVAL`)
  if (isUnit(c.token)) c.advance()
  const quoted = `'${excerpt(c.text.slice(from, c.lastEnd))}'`
  throw c.error({ start: from, end: c.lastEnd }, `INTERVAL takes text: INTERVAL ${quoted}.`, [quoted])
}

/** A number where a span of time is expected. */
function withoutUnit(c: Cursor, amount: NumberLiteral, expected: string): Error {
  const { start, end } = amount
  const written = excerpt(c.text.slice(start, end))
  if (!isUnit(c.token)) {
    const suggestions = [`${written}d`, `INTERVAL '${written} month${written === '1' ? '' : 's'}'`]
    return c.error(
      { start, end },
      `Expected ${expected}; found ${written} without a unit. Write for instance ${suggestions.join(' or ')}.`,
      suggestions,
    )
  }
  return detached(c, start, written, expected)
}

/** `1 day`: the unit does not touch its number. */
function detached(c: Cursor, start: number, written: string, expected: string): Error {
  const unit = c.token.text.toLowerCase()
  const touching =
    unit.startsWith('mo') || !'dhmsw'.includes(unit[0]!) ? [] : [`${written}${unit.startsWith('milli') || unit === 'ms' ? 'ms' : unit[0]}`]
  const suggestions = [...touching, `INTERVAL '${written} ${c.token.text}'`]
  const span = { start, end: c.token.end }
  return c.error(span, `Expected ${expected}; found ${written} ${c.token.text}. Write ${suggestions.join(' or ')}.`, suggestions)
}

function isUnit({ kind, text }: Token): boolean {
  return kind === 'word' && text.length <= 20 && parseInterval(`1 ${text}`) !== undefined
}

/** Range : `BETWEEN` Time `AND` Time | Bound { Bound } */
export function range(c: Cursor): Range {
  const { start, keyword } = c.token
  if (keyword !== 'between') return bounds(c, start)
  c.advance()
  const from = time(c, 'a time after BETWEEN')
  c.expect('and', 'AND and the end of the range')
  const to = time(c, 'a time after AND')
  return { kind: 'range', start, end: c.lastEnd, between: { from, to }, last: undefined, since: undefined, until: undefined }
}

/** Bound : `LAST` ( Count | Interval ) | `SINCE` Time | `UNTIL` Time; each at most once */
function bounds(c: Cursor, start: number): Range {
  let last: Count | IntervalNode | undefined
  let since: Time | undefined
  let until: Time | undefined
  for (;;) {
    if (c.token.keyword === 'last') last = c.once(last, lastBound)
    else if (c.token.keyword === 'since') since = c.once(since, sinceBound)
    else if (c.token.keyword === 'until') until = c.once(until, untilBound)
    else break
  }
  return { kind: 'range', start, end: c.lastEnd, between: undefined, last, since, until }
}

function lastBound(c: Cursor): Count | IntervalNode {
  c.advance()
  const { kind, start, keyword } = c.token
  const isSigned = c.isSymbol('-') || c.isSymbol('+')
  if (keyword === 'interval' || kind === 'duration' || (isSigned && c.following().kind === 'duration'))
    return interval(c, 'a span of time after LAST')
  const number = count(c, 'a whole number, a span of time or a parameter after LAST')
  if (number.kind === 'number' && isUnit(c.token))
    throw detached(c, start, excerpt(c.text.slice(start, number.end)), 'a count or a span of time after LAST')
  return number
}

function sinceBound(c: Cursor): Time {
  c.advance()
  return time(c, 'a time after SINCE')
}

function untilBound(c: Cursor): Time {
  c.advance()
  return time(c, 'a time after UNTIL')
}
