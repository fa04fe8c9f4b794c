import { QueryLimitError, type QuerySyntaxError } from '../../errors.js'
import { parseInterval } from '../../interval.js'
import { type Keyword, keywordOf } from './keyword.js'
import { excerpt, placeOf, syntaxError } from './query-place.js'
import type { DurationLiteral, Span } from './statement.js'

/** UTF-16 units. Longer lists and vectors belong in a parameter. */
export const TEXT_LENGTH_MAX = 1_048_576
/** Room for a vector literal of the greatest dimension, with its commas. */
export const TOKEN_COUNT_MAX = 200_000
const PARAMETER_INDEX_MAX = 65_535
/** A number and the longest name of a unit. */
const UNIT_LENGTH_MAX = 40

/** The smallest part of a query. Every token has every field, so that reading them stays quick. */
export interface Token extends Span {
  /** `word`: without quotes; `name`: in double quotes; `text`: in single quotes; `label`: `:name`; `index`: `$1`. */
  readonly kind: 'word' | 'name' | 'text' | 'number' | 'duration' | 'label' | 'index' | 'symbol' | 'end'
  /** The word or symbol as written, a name or text without its quotes, a label without its colon, the unit of a duration. */
  readonly text: string
  /** The number, the amount of a duration, the index of a parameter; else 0. */
  readonly number: number
  /** Of a word that is one. */
  readonly keyword: Keyword | undefined
}

export type Unit = DurationLiteral['unit']
const UNITS: ReadonlyMap<string, Unit> = new Map((['ms', 's', 'm', 'h', 'd', 'w'] as const).map((unit) => [unit, unit]))

/** Characters that other languages, or word processors, write for what is written differently here. */
const WRITTEN_OTHERWISE = [
  { characters: '&', message: 'Conditions that must both hold are joined by AND.', suggestions: ['AND'] },
  { characters: '|', message: 'Conditions of which one must hold are joined by OR; texts are not joined here.', suggestions: ['OR'] },
  { characters: '!', message: 'The opposite of a condition is written NOT.', suggestions: ['NOT'] },
  { characters: '?@', message: 'A parameter is written $1 or :name.', suggestions: [] },
  { characters: '#', message: 'A comment is written -- to the end of the line, or /* between these */.', suggestions: ['--'] },
  { characters: '‘’‚‛′´`', message: "Text is written in straight single quotes: 'text'.", suggestions: ["'"] },
  { characters: '“”„‟″', message: 'Names are written in straight double quotes: "name"; text in single ones: \'text\'.', suggestions: ['"', "'"] },
]

const WORD_START = 1
const DIGIT = 2
const SPACE = 4
/** What a character can be part of, for the 128 of ASCII. */
const CLASSES = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  if (/[a-z_]/i.test(character)) return WORD_START
  if (/[0-9]/.test(character)) return DIGIT
  return /\s/.test(character) ? SPACE : 0
})

function classOf(code: number): number {
  if (code < 128) return CLASSES[code]!
  return code === 0xa0 || code === 0xfeff ? SPACE : 0 // what comes along when a query is copied from a page or a file
}

/** Cuts a query into tokens, one at a time, from left to right; each character is looked at a constant number of times. */
export class Tokenizer {
  private position = 0
  private count = 0

  /** @throws {QueryLimitError} */
  constructor(readonly text: string) {
    if (text.length <= TEXT_LENGTH_MAX) return
    const message = `A query has at most ${TEXT_LENGTH_MAX} characters; this one has ${text.length}. Pass long lists and vectors as parameters.`
    throw new QueryLimitError(message, TEXT_LENGTH_MAX, text.length, placeOf(text, { start: 0, end: 1 }))
  }

  /**
   * The next token; after the last one, `end` for ever.
   *
   * @throws {QuerySyntaxError} a character or a literal that the language does not have.
   * @throws {QueryLimitError} too many tokens.
   */
  next(): Token {
    this.skipBlank()
    const { text, position: start } = this
    if (start >= text.length) return this.token('end', start, start, '')
    if (++this.count > TOKEN_COUNT_MAX) throw this.tooMany(start)
    const code = text.charCodeAt(start)
    const kind = classOf(code)
    if (kind === WORD_START) return this.word(start)
    if (kind === DIGIT || (code === 0x2e && this.isDigit(start + 1))) return this.number(start)
    switch (code) {
      case 0x27: // '
        return this.quoted('text', "'", start)
      case 0x22: // "
        return this.quoted('name', '"', start)
      case 0x24: // $
        return this.index(start)
      case 0x3a: // :
        return this.label(start)
      default:
        return this.symbol(start, code)
    }
  }

  private token(kind: Token['kind'], start: number, end: number, text: string, number = 0, keyword: Keyword | undefined = undefined): Token {
    this.position = end
    return { kind, start, end, text, number, keyword }
  }

  private skipBlank(): void {
    const { text } = this
    for (;;) {
      const code = text.charCodeAt(this.position) // NaN at the end
      if (classOf(code) === SPACE) this.position++
      else if (code === 0x2d && text.charCodeAt(this.position + 1) === 0x2d) this.skipLine()
      else if (code === 0x2f && text.charCodeAt(this.position + 1) === 0x2a) this.skipComment()
      else return
    }
  }

  private skipLine(): void {
    const { text } = this
    while (this.position < text.length && text.charCodeAt(this.position) !== 10 && text.charCodeAt(this.position) !== 13) this.position++
  }

  private skipComment(): void {
    const start = this.position
    const end = this.text.indexOf('*/', start + 2)
    if (end < 0) throw this.error(start, start + 2, 'This comment is not closed. End it with */.')
    this.position = end + 2
  }

  /** Word : letter or `_`, then letters, digits or `_` */
  private word(start: number): Token {
    const end = this.endOfWord(start)
    const text = this.text.slice(start, end)
    return this.token('word', start, end, text, 0, keywordOf(text))
  }

  private endOfWord(start: number): number {
    const { text } = this
    let end = start
    while ((classOf(text.charCodeAt(end)) & (WORD_START | DIGIT)) !== 0) end++
    return end
  }

  private isDigit(at: number): boolean {
    return classOf(this.text.charCodeAt(at)) === DIGIT
  }

  private endOfDigits(start: number): number {
    let end = start
    while (this.isDigit(end)) end++
    return end
  }

  /** Number : digits [ `.` digits ] [ `e` [ `+` | `-` ] digits ]; Duration : Number and its unit, touching */
  private number(start: number): Token {
    const { text } = this
    let end = this.endOfDigits(start)
    if (end - start === 4) this.rejectDate(start, end)
    if (text.charCodeAt(end) === 0x2e) end = this.endOfDigits(end + 1)
    if ((text.charCodeAt(end) | 0x20) === 0x65) {
      const sign = text.charCodeAt(end + 1)
      const digits = sign === 0x2b || sign === 0x2d ? end + 2 : end + 1
      if (this.isDigit(digits)) end = this.endOfDigits(digits)
    }
    const value = Number(text.slice(start, end))
    if (!Number.isFinite(value)) throw this.error(start, end, 'This number is greater than a double can hold, about 1.8e308.')
    const after = this.endOfWord(end)
    return after === end ? this.token('number', start, end, '', value) : this.duration(start, end, after, value)
  }

  private duration(start: number, end: number, after: number, amount: number): Token {
    const written = this.text.slice(end, after)
    const unit = UNITS.get(written) ?? UNITS.get(written.toLowerCase())
    if (unit !== undefined) return this.token('duration', start, after, unit, amount)
    const token = this.text.slice(start, after)
    if (token.length <= UNIT_LENGTH_MAX && parseInterval(token) !== undefined) {
      const worded = `INTERVAL '${this.text.slice(start, end)} ${written}'`
      throw this.error(start, after, `The units that touch a number are ms, s, m, h, d and w. With ${written} it is written ${worded}.`, [worded])
    }
    const message = `${excerpt(token)} is neither a number nor a span of time, such as 10d; the units are ms, s, m, h, d and w.`
    throw this.error(start, after, message)
  }

  /** Looks for `2030-12-31`, which would be read as a subtraction and answer with the year 1987 ms. */
  private rejectDate(start: number, end: number): void {
    const { text } = this
    const separator = text.charCodeAt(end)
    if ((separator !== 0x2d && separator !== 0x2f) || this.endOfDigits(end + 1) !== end + 3) return
    const month = Number(text.slice(end + 1, end + 3))
    const hasDay = text.charCodeAt(end + 3) === separator && this.isDigit(end + 4)
    if (month < 1 || month > 12 || (!hasDay && (separator === 0x2f || this.endOfWord(end + 3) !== end + 3))) return
    let last = end + 3
    while (last < text.length && last < start + 40 && (classOf(text.charCodeAt(last)) & (WORD_START | DIGIT) || '-/:.+'.includes(text[last]!))) last++
    const written = text.slice(start, last)
    const quoted = `'${written.replaceAll('/', '-')}'`
    const message = `${written} is a date without quotes, and would be read as a subtraction. Write ${quoted}; a real subtraction has spaces around its minus.`
    throw this.error(start, last, message, [quoted])
  }

  /** Text : `'` characters `'`; Name : `"` characters `"`; the quote itself is written twice inside */
  private quoted(kind: 'text' | 'name', quote: string, start: number): Token {
    const { text } = this
    let hasQuotes = false
    let end = text.indexOf(quote, start + 1)
    while (end >= 0 && text[end + 1] === quote) {
      hasQuotes = true
      end = text.indexOf(quote, end + 2)
    }
    if (end < 0) throw this.unclosed(kind, start)
    if (kind === 'name' && end === start + 1) throw this.error(start, end + 1, "A name cannot be empty. Empty text is written in single quotes: ''.")
    const inside = text.slice(start + 1, end)
    return this.token(kind, start, end + 1, hasQuotes ? inside.replaceAll(quote + quote, quote) : inside)
  }

  private unclosed(kind: 'text' | 'name', start: number): QuerySyntaxError {
    if (kind === 'name') return this.error(start, start + 1, 'This name is not closed. End it with ".')
    return this.error(start, start + 1, "This text is not closed. End it with '; inside of text a ' is written twice: 'it''s'.")
  }

  /** Parameter : `$` number from 1 */
  private index(start: number): Token {
    const end = this.endOfWord(start + 1)
    const digits = this.text.slice(start + 1, end)
    if (end === this.endOfDigits(start + 1) && Number(digits) >= 1 && Number(digits) <= PARAMETER_INDEX_MAX) {
      return this.token('index', start, end, '', Number(digits))
    }
    if (classOf(digits.charCodeAt(0)) === WORD_START) {
      throw this.error(start, end, `A parameter with a name is written :${excerpt(digits)}, one with a number $1.`, [`:${excerpt(digits)}`])
    }
    const message = `Parameters are numbered from $1 to $${PARAMETER_INDEX_MAX}, or have names: :name.`
    throw this.error(start, Math.max(end, start + 1), message)
  }

  /** Parameter : `:` word */
  private label(start: number): Token {
    const end = this.endOfWord(start + 1)
    if (classOf(this.text.charCodeAt(start + 1)) === WORD_START) return this.token('label', start, end, this.text.slice(start + 1, end))
    throw this.error(start, start + 1, 'A parameter is written :name or $1.')
  }

  private symbol(start: number, code: number): Token {
    const { text } = this
    const second = text.charCodeAt(start + 1)
    switch (code) {
      case 0x28:
      case 0x29:
      case 0x5b:
      case 0x5d:
      case 0x2a:
      case 0x2b:
      case 0x2c:
      case 0x2e:
      case 0x2f:
      case 0x3b:
        return this.token('symbol', start, start + 1, text[start]!) // ( ) [ ] * + , . / ;
      case 0x2d: // -
        if (second === 0x3e) throw this.error(start, start + 2, 'A member of payload or attributes is written behind a dot: payload.name.', ['.'])
        return this.token('symbol', start, start + 1, '-')
      case 0x3c: // <
        if (second === 0x3e) return this.token('symbol', start, start + 2, '<>')
        return second === 0x3d ? this.token('symbol', start, start + 2, '<=') : this.token('symbol', start, start + 1, '<')
      case 0x3e: // >
        return second === 0x3d ? this.token('symbol', start, start + 2, '>=') : this.token('symbol', start, start + 1, '>')
      case 0x3d: // =
        if (second === 0x3d) throw this.error(start, start + 2, 'Equality is written =.', ['='])
        return this.token('symbol', start, start + 1, '=')
      case 0x21: // !
        if (second === 0x3d) return this.token('symbol', start, start + 2, '<>')
        throw this.strange(start)
      default:
        throw this.strange(start)
    }
  }

  /** A character that begins no token, with what is written in its place. */
  private strange(start: number): QuerySyntaxError {
    const point = this.text.codePointAt(start)!
    const character = String.fromCodePoint(point)
    const isTwice = this.text.startsWith(character, start + character.length)
    const end = start + character.length * (isTwice ? 2 : 1)
    const written = WRITTEN_OTHERWISE.find(({ characters }) => characters.includes(character))
    if (written !== undefined) return this.error(start, end, written.message, written.suggestions)
    const isLetter = /\p{L}/u.test(character)
    const shown = isLetter || /[\p{N}\p{P}\p{S}]/u.test(character) ? character : `U+${point.toString(16).toUpperCase().padStart(4, '0')}`
    const advice = isLetter ? ' A name with other letters than a to z is written in double quotes, text in single ones.' : ''
    return this.error(start, end, `The character ${shown} has no meaning here.${advice}`)
  }

  private tooMany(start: number): QueryLimitError {
    const message = `A query has at most ${TOKEN_COUNT_MAX} words, values and signs. Pass long lists and vectors as parameters.`
    return new QueryLimitError(message, TOKEN_COUNT_MAX, undefined, placeOf(this.text, { start, end: start + 1 }))
  }

  private error(start: number, end: number, message: string, suggestions: readonly string[] = []): QuerySyntaxError {
    return syntaxError(this.text, { start, end }, message, suggestions)
  }
}
