import { QueryLimitError, type QuerySyntaxError } from '../../errors.js'
import { suggest } from '../../suggestion.js'
import type { Keyword } from './keyword.js'
import { didYouMean, excerpt, placeOf, syntaxError } from './query-place.js'
import type { Identifier, Span } from './statement.js'
import { type Token, Tokenizer } from './tokenize.js'

/** Parentheses, calls and signs inside of each other. */
export const NESTING_MAX = 100
/** `AND`, `OR`, comparisons and arithmetic in one statement: they bound how deep its tree is. */
export const OPERATOR_COUNT_MAX = 1000
/** What is written out in a list; a parameter may hold a longer one. */
export const LIST_LENGTH_MAX = 10_000

const NO_CLAUSES: ReadonlySet<Keyword> = new Set()
/** Clauses that begin with two words. */
const LONG_CLAUSES: Partial<Record<Keyword, string>> = { order: 'ORDER BY', as: 'AS OF', sample: 'SAMPLE BY', group: 'GROUP BY', per: 'PER ENTITY' }

/** Where the parser stands: the token that is next, the questions to it, and the mistakes it can be. */
export class Cursor {
  /** The token that is next. */
  token: Token
  /** Where the token before it ended. */
  lastEnd = 0
  /** The words that begin a clause of the statement that is being read. */
  clauses = NO_CLAUSES
  /** True where a `BETWEEN` behind an operand begins the range clause and is no test: directly in columns and in ORDER BY. */
  betweenIsClause = false
  /** True in a statement that stands in parentheses, inside of another one. */
  isNested = false

  private readonly tokenizer: Tokenizer
  private ahead: Token | undefined
  private nesting = 0
  private operators = 0
  private parameters: 'numbers' | 'names' | undefined

  /** @param whole  What the text is, in words. */
  constructor(
    readonly text: string,
    private readonly whole: 'query' | 'condition' = 'query',
  ) {
    this.tokenizer = new Tokenizer(text)
    this.token = this.tokenizer.next()
  }

  /** Takes the next token. */
  advance(): Token {
    const taken = this.token
    this.token = this.ahead ?? this.tokenizer.next()
    this.ahead = undefined
    this.lastEnd = taken.end
    return taken
  }

  /** The token behind the next one. */
  following(): Token {
    this.ahead ??= this.tokenizer.next()
    return this.ahead
  }

  /** Whether the statement ends here. */
  isAtEnd(): boolean {
    return this.token.kind === 'end' || this.isSymbol(';') || (this.isNested && this.isSymbol(')'))
  }

  accept(keyword: Keyword): boolean {
    if (this.token.keyword !== keyword) return false
    this.advance()
    return true
  }

  isSymbol(symbol: string): boolean {
    return this.token.kind === 'symbol' && this.token.text === symbol
  }

  acceptSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false
    this.advance()
    return true
  }

  /** @param expected  The keyword and what it is for, in the words of the message. */
  expect(keyword: Keyword, expected: string): Token {
    if (this.token.keyword !== keyword) throw this.unexpected(expected, [keyword.toUpperCase()])
    return this.advance()
  }

  expectSymbol(symbol: string, expected: string): Token {
    if (!this.isSymbol(symbol)) throw this.unexpected(expected)
    return this.advance()
  }

  /** List(Item) : Item { `,` Item } */
  list<Item>(read: (cursor: Cursor) => Item): Item[] {
    const items = [read(this)]
    while (this.acceptSymbol(',')) {
      if (items.length === LIST_LENGTH_MAX)
        throw this.limit(LIST_LENGTH_MAX, `A list in a query has at most ${LIST_LENGTH_MAX} items. Pass a longer one as a parameter.`)
      items.push(read(this))
    }
    return items
  }

  /**
   * Name : word | `"` characters `"`
   *
   * A word that begins a clause here is a name only where the clause could not go on behind it.
   *
   * @param expected  What is named, in the words of the message.
   */
  name(expected: string): Identifier {
    const { kind, start, end, text, keyword } = this.token
    if (kind === 'name' || (kind === 'word' && (keyword === undefined || !this.clauses.has(keyword) || this.isNameBefore(this.following())))) {
      this.advance()
      return { kind: 'identifier', start, end, name: text }
    }
    if (kind === 'text') {
      const quoted = `"${excerpt(text).replaceAll('"', '""')}"`
      throw this.error(this.token, `Expected ${expected}; found text. A name stands without quotes or in double ones: ${quoted}.`, [quoted])
    }
    if (kind === 'index' || kind === 'label')
      throw this.error(this.token, `Expected ${expected}; found ${this.found()}. A parameter cannot be a name.`)
    throw this.unexpected(expected)
  }

  private isNameBefore({ kind, text, keyword }: Token): boolean {
    if (kind === 'end') return true
    if (kind === 'symbol') return ';,)=.'.includes(text)
    return keyword === 'at' || keyword === 'as' || (keyword !== undefined && this.clauses.has(keyword))
  }

  /** Reads a clause that may be given once. */
  once<Clause>(earlier: Clause | undefined, read: (cursor: Cursor) => Clause): Clause {
    if (earlier === undefined) return read(this)
    const { keyword } = this.token
    const clause = (keyword && LONG_CLAUSES[keyword]) ?? this.found().toUpperCase()
    throw this.error(this.token, `This statement already has ${clause}; each clause is given once.`)
  }

  /** Goes one level deeper; `leave` comes back. */
  enter(): void {
    this.limitDepth(++this.nesting)
  }

  leave(): void {
    this.nesting--
  }

  limitDepth(depth: number): void {
    if (depth > NESTING_MAX) throw this.limit(NESTING_MAX, `A query is nested at most ${NESTING_MAX} levels deep.`)
  }

  /** Takes an operator, of which a statement has a limited number. */
  takeOperator(): Token {
    if (++this.operators > OPERATOR_COUNT_MAX) {
      throw this.limit(OPERATOR_COUNT_MAX, `A query has at most ${OPERATOR_COUNT_MAX} operators. Compare with many values by IN and a parameter.`)
    }
    return this.advance()
  }

  /** A statement has parameters of one kind: a call passes a list of values or an object. */
  useParameters(kind: 'numbers' | 'names'): void {
    this.parameters ??= kind
    if (this.parameters === kind) return
    const message = `This query already has parameters with ${this.parameters}; ${this.found()} is one of the other kind. Use either $1, $2, ... or :name.`
    throw this.error(this.token, message)
  }

  /** `Expected ...; found ...` at the next token, with the nearest of the words that may stand there. */
  unexpected(expected: string, words: readonly string[] = []): QuerySyntaxError {
    const suggestions = this.nearest(words)
    return this.error(this.here(), `Expected ${expected}; found ${this.found()}.${this.straying()}${didYouMean(suggestions)}`, suggestions)
  }

  /** The words that the next one may have been meant to be. */
  nearest(words: readonly string[]): string[] {
    const { kind, text } = this.token
    return kind === 'word' ? suggest(text, words).filter((word) => word !== text.toUpperCase()) : []
  }

  /** What touches the end of a text was most often meant to be inside of it. */
  private straying(): string {
    const { kind, start } = this.token
    const touches = start === this.lastEnd && this.text[start - 1] === "'" && (kind === 'word' || kind === 'number' || kind === 'duration')
    return touches ? ` The ' before it ended a text; inside of text it is written twice: ''.` : ''
  }

  error(span: Span, message: string, suggestions: readonly string[] = []): QuerySyntaxError {
    return syntaxError(this.text, span, message, suggestions)
  }

  /** The next token; at the end, the place just behind the last one. */
  here(): Span {
    return this.token.kind === 'end' ? { start: this.lastEnd, end: this.lastEnd } : this.token
  }

  /** The next token in words. */
  found(): string {
    const { kind, start, end } = this.token
    if (kind === 'end') return `the end of the ${this.whole}`
    const written = excerpt(this.text.slice(start, end))
    return kind === 'symbol' ? `"${written}"` : written
  }

  private limit(limit: number, message: string): QueryLimitError {
    return new QueryLimitError(message, limit, undefined, placeOf(this.text, this.here()))
  }
}
