import { described, NotFoundError, QueryNameError, QueryParameterError, type QueryPlace, QuerySyntaxError, QueryTypeError } from '../../errors.js'
import { suggest } from '../../suggestion.js'
import { NOWHERE, placeOf } from './query-place.js'
import type { Span } from './statement.js'

/** Of what a typed request says in members of its own. */
const NO_PLACE: QueryPlace = { line: 1, column: 1, frame: '', suggestions: [] }

/** Makes the errors of one statement, each with its place in the text. */
export class Mistakes {
  /** @param text  Of a statement; of a typed request its condition, the one text that it may have. */
  constructor(private readonly text: string) {}

  syntax(span: Span, message: string): QuerySyntaxError {
    return new QuerySyntaxError(message, this.place(span))
  }

  type(span: Span, message: string): QueryTypeError {
    return new QueryTypeError(message, this.place(span))
  }

  parameter(span: Span, message: string): QueryParameterError {
    return new QueryParameterError(message, this.place(span))
  }

  /** @param what  In words, with its article: `no collection`. */
  unknown(
    span: Span,
    what: string,
    name: string,
    known: readonly string[],
    kind: NotFoundError['kind'] = 'predictor',
  ): QueryNameError | NotFoundError {
    if (isNowhere(span)) return this.missing(span, kind, name, known)
    const suggestions = suggest(name, known)
    const place = placeOf(this.text, span)
    const isQuoted = this.text[span.start] === '"'
    const quotes =
      isQuoted && suggestions.length === 0
        ? ` Double quotes are for names; write text in single quotes: '${legible(name).replaceAll("'", "''")}'.`
        : ''
    return new QueryNameError(`There is ${what} "${legible(name)}".${advice(suggestions, known)}${quotes}`, { ...place, suggestions })
  }

  /** An entity that is there, but not then. */
  absent(span: Span, entity: string, message: string): NotFoundError {
    return new NotFoundError('entity', entity, message, isNowhere(span) ? undefined : placeOf(this.text, span))
  }

  missing(span: Span, kind: NotFoundError['kind'], name: string, known: readonly string[], where = ''): NotFoundError {
    const suggestions = suggest(name, known)
    const message = `There is no ${kind} ${described(name)}${where}.${advice(suggestions, known)}`
    return new NotFoundError(kind, name, message, isNowhere(span) ? { suggestions } : { ...placeOf(this.text, span), suggestions })
  }

  private place(span: Span): QueryPlace {
    return isNowhere(span) ? NO_PLACE : placeOf(this.text, span)
  }
}

/** Control characters escaped, and no longer than a message can be. */
function legible(name: string): string {
  return described(name).slice(1, -1)
}

function isNowhere({ start }: Span): boolean {
  return start === NOWHERE.start
}

function advice(suggestions: readonly string[], known: readonly string[]): string {
  if (suggestions.length > 0) return ` Did you mean ${suggestions.map((name) => `'${legible(name)}'`).join(' or ')}?`
  if (known.length === 0) return ''
  const shown = known.slice(0, 12).map(legible)
  return ` Known: ${shown.join(', ')}${known.length > shown.length ? `, and ${known.length - shown.length} more` : ''}.`
}
