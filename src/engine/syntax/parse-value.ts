import type { Cursor } from './cursor.js'
import { excerpt } from './query-place.js'
import type { Count, DurationLiteral, NumberLiteral, Parameter, TextLiteral, Value } from './statement.js'
import type { Token, Unit } from './tokenize.js'

/** Value : Text | Number | Parameter | `TRUE` | `FALSE` | `NULL` */
export function value(c: Cursor, expected: string): Value {
  const { kind, start, end, text, keyword } = c.token
  if (kind === 'text') return textLiteral(c.advance())
  if (kind === 'index' || kind === 'label') return parameter(c)
  if (keyword === 'true' || keyword === 'false') {
    c.advance()
    return { kind: 'boolean', start, end, value: keyword === 'true' }
  }
  if (keyword === 'null') {
    c.advance()
    return { kind: 'null', start, end }
  }
  const number = signed(c)
  if (number?.kind === 'number') return number
  throw unquoted(c, expected, kind === 'word' || kind === 'name' ? text : undefined)
}

/** A name where text is expected is most often text without its quotes, or in those of a name. */
export function unquoted(c: Cursor, expected: string, name: string | undefined): Error {
  if (name === undefined || (c.token.keyword !== undefined && c.clauses.has(c.token.keyword))) return c.unexpected(expected)
  const quoted = `'${excerpt(name).replaceAll("'", "''")}'`
  const advice = c.token.kind === 'name' ? 'Double quotes are for names; text is written' : 'Text is written in single quotes:'
  return c.error(c.token, `Expected ${expected}; found ${c.found()}. ${advice} ${quoted}.`, [quoted])
}

export function textLiteral({ start, end, text }: Token): TextLiteral {
  return { kind: 'text', start, end, value: text }
}

export function numberLiteral({ start, end, number }: Token): NumberLiteral {
  return { kind: 'number', start, end, value: number }
}

export function durationLiteral({ start, end, text, number }: Token): DurationLiteral {
  return { kind: 'duration', start, end, amount: number, unit: text as Unit }
}

/**
 * Signed : [ `+` | `-` ] ( Number | Duration )
 *
 * @returns undefined: something else is next, and nothing was taken.
 */
export function signed(c: Cursor): NumberLiteral | DurationLiteral | undefined {
  const { token } = c
  if (token.kind === 'number') return numberLiteral(c.advance())
  if (token.kind === 'duration') return durationLiteral(c.advance())
  if (token.kind !== 'symbol' || (token.text !== '-' && token.text !== '+')) return undefined
  const { kind } = c.following()
  if (kind !== 'number' && kind !== 'duration') return undefined
  c.advance()
  const { end, number, text } = c.advance()
  const value = token.text === '-' && number !== 0 ? -number : number
  return kind === 'number'
    ? { kind: 'number', start: token.start, end, value }
    : { kind: 'duration', start: token.start, end, amount: value, unit: text as Unit }
}

/** Parameter : `$` number | `:` word; a statement has one kind of them */
export function parameter(c: Cursor): Parameter {
  const { kind, start, end, text, number } = c.token
  c.useParameters(kind === 'index' ? 'numbers' : 'names')
  c.advance()
  return { kind: 'parameter', start, end, key: kind === 'index' ? number : text }
}

/** Count : a whole number, zero or more | Parameter; how great it may be, whoever binds it knows */
export function count(c: Cursor, expected: string): Count {
  if (c.token.kind === 'index' || c.token.kind === 'label') return parameter(c)
  const number = signed(c)
  if (number === undefined) throw c.unexpected(expected)
  if (number.kind === 'number' && number.value >= 0 && Number.isInteger(number.value)) return number
  throw c.error(number, `Expected ${expected}; found ${excerpt(c.text.slice(number.start, number.end))}.`)
}
