import type { Cursor } from './cursor.js'
import { NEAREST_CLAUSES } from './keyword.js'
import { misplaced } from './misplaced-clause.js'
import { entities, limit, source, where } from './parse-clauses.js'
import { vector } from './parse-expression.js'
import { contextClause, item, predict, using, withOptions } from './parse-predict.js'
import { interval, time } from './parse-time.js'
import { count, parameter, signed, value } from './parse-value.js'
import { excerpt } from './query-place.js'
import type * as Tree from './statement.js'

const A_TARGET = "ENTITY 'id', a vector such as [0.1, 0.2], a parameter, or a PREDICT in parentheses"

/** Nearest : `NEAREST` Count `TO` Target { Clause } */
export function nearest(c: Cursor): Tree.Nearest {
  const { start } = c.advance()
  c.clauses = NEAREST_CLAUSES
  const wanted = count(c, 'how many neighbours are wanted, a whole number or a parameter, after NEAREST')
  c.expect('to', `TO and what they are near to: ${A_TARGET}`)
  const to = target(c)
  const read = clauses(c, to)
  return { kind: 'nearest', start, end: c.lastEnd, count: wanted, target: to, ...ABSENT, ...read }
}

type Clauses = { -readonly [Name in Exclude<keyof Tree.Nearest, 'kind' | 'start' | 'end' | 'count' | 'target'>]?: Tree.Nearest[Name] }

const ABSENT = {
  scope: undefined,
  source: undefined,
  entities: undefined,
  where: undefined,
  context: undefined,
  using: undefined,
  within: undefined,
  perEntity: undefined,
  items: undefined,
  options: [],
  limit: undefined,
} satisfies Clauses

/** Target : `ENTITY` Value [ `AT` Time ] | Vector | Parameter | `(` Predict `)` */
function target(c: Cursor): Tree.Target {
  const { start, kind } = c.token
  if (c.accept('entity')) {
    const entity = value(c, 'the id of an entity as text, or a parameter, after ENTITY')
    const at = c.accept('at') ? time(c, 'a time after AT') : undefined
    return { kind: 'target-entity', start, end: c.lastEnd, entity, at }
  }
  if (kind === 'index' || kind === 'label') return parameter(c)
  if (c.acceptSymbol('[')) return vector(c, start)
  if (c.acceptSymbol('(')) return nested(c)
  const isBare = (kind === 'word' || kind === 'name') && c.token.keyword === undefined && c.nearest(['ENTITY', 'PREDICT']).length === 0
  if (kind === 'text' || isBare) {
    const worded = `ENTITY ${kind === 'text' ? c.found() : `'${excerpt(c.token.text).replaceAll("'", "''")}'`}`
    throw c.error(c.token, `Expected ENTITY before the id; found ${c.found()}. Write TO ${worded}.`, [worded])
  }
  if (c.token.keyword === 'predict')
    throw c.error(c.token, 'A PREDICT that is a target stands in parentheses: TO (PREDICT vector AT t FOR ENTITY v).')
  throw c.unexpected(`${A_TARGET} after TO`, ['ENTITY'])
}

/** A statement inside of this one: its clauses are those of PREDICT, and it ends with its parenthesis. */
function nested(c: Cursor): Tree.Predict {
  if (c.token.keyword !== 'predict') throw c.unexpected('PREDICT in the parentheses behind TO', ['PREDICT'])
  c.isNested = true
  const inner = predict(c)
  c.isNested = false
  c.clauses = NEAREST_CLAUSES
  c.expectSymbol(')', '")" behind the PREDICT of TO')
  return inner
}

/** Clause : Scope | Source | Entities | Where | Context | Using | Within | PerEntity | Return | With | Limit; in any order, each at most once */
function clauses(c: Cursor, target: Tree.Target): Clauses {
  const read: Clauses = {}
  while (!c.isAtEnd()) {
    switch (c.token.keyword) {
      case 'as':
      case 'at':
      case 'between':
      case 'predicted':
        if (read.scope !== undefined) throw secondScope(c)
        read.scope = scope(c)
        break
      case 'from':
        read.source = c.once(read.source, source)
        break
      case 'for':
        read.entities = c.once(read.entities, entities)
        break
      case 'where':
        read.where = c.once(read.where, where)
        break
      case 'context':
        read.context = c.once(read.context, contextClause)
        break
      case 'using':
        read.using = c.once(read.using, using)
        break
      case 'within':
        read.within = c.once(read.within, within)
        break
      case 'per':
        read.perEntity = c.once(read.perEntity, perEntity)
        break
      case 'return':
        read.items = c.once(read.items, items)
        break
      case 'with':
        read.options = c.once(read.options, withOptions)
        break
      case 'limit':
        read.limit = c.once(read.limit, limit)
        break
      default:
        throw misplaced(c, 'NEAREST', isDated(target) ? { tolerance: OF_TARGET } : {})
    }
  }
  return read
}

const OF_TARGET =
  'The AT directly behind ENTITY says when the target was. Candidates have an AT of their own, behind that one or another clause: ENTITY v AT t AT t TOLERANCE 7d.'

function isDated(target: Tree.Target): boolean {
  return target.kind === 'target-entity' && target.at !== undefined
}

function secondScope(c: Cursor): Error {
  return c.error(c.token, 'The candidates are chosen once: by AS OF, AT, BETWEEN or PREDICTED AT. To say when the target was, write ENTITY v AT t.')
}

/** Scope : `AS` `OF` Time | `AT` Time [ `TOLERANCE` Interval ] | `BETWEEN` Time `AND` Time | `PREDICTED` `AT` Time */
function scope(c: Cursor): Tree.Scope {
  const { start, keyword } = c.advance()
  switch (keyword) {
    case 'as': {
      c.expect('of', 'OF and a time after AS')
      const at = time(c, 'a time after AS OF')
      return { kind: 'as-of', start, end: c.lastEnd, at }
    }
    case 'between': {
      const from = time(c, 'a time after BETWEEN')
      c.expect('and', 'AND and the end of the window')
      const to = time(c, 'a time after AND')
      return { kind: 'window', start, end: c.lastEnd, from, to }
    }
    case 'predicted': {
      c.expect('at', 'AT and a time after PREDICTED')
      const at = time(c, 'a time after PREDICTED AT')
      return { kind: 'predicted', start, end: c.lastEnd, at }
    }
    default: {
      const at = time(c, 'a time after AT')
      const tolerance = c.accept('tolerance') ? interval(c, 'a span of time after TOLERANCE') : undefined
      return { kind: 'at', start, end: c.lastEnd, at, tolerance }
    }
  }
}

/** Within : `WITHIN` ( Number | Parameter ) */
function within(c: Cursor): Tree.NumberLiteral | Tree.Parameter {
  c.advance()
  if (c.token.kind === 'index' || c.token.kind === 'label') return parameter(c)
  const number = signed(c)
  if (number?.kind === 'number') return number
  const expected = 'a distance, a number or a parameter, after WITHIN'
  if (number === undefined) throw c.unexpected(expected)
  const written = excerpt(c.text.slice(number.start, number.end))
  throw c.error(number, `Expected ${expected}; found ${written}, a span of time. For candidates that are no older write AT t TOLERANCE ${written}.`)
}

/** PerEntity : `PER` `ENTITY` Count */
function perEntity(c: Cursor): Tree.Count {
  c.advance()
  c.expect('entity', 'ENTITY after PER')
  return count(c, 'a whole number or a parameter after PER ENTITY')
}

/** Return : `RETURN` ( `*` | Item { `,` Item } ) */
function items(c: Cursor): Tree.Items {
  c.advance()
  const { start, end } = c.token
  if (c.acceptSymbol('*')) return { kind: 'items', start, end, list: undefined }
  const list = c.list((column) => item(column, 'a column of NEAREST, such as vector, or * after RETURN'))
  if (c.isSymbol('.')) throw c.error(c.token, 'RETURN names whole columns. Write RETURN payload, and take its member from the row.')
  return { kind: 'items', start, end: c.lastEnd, list }
}
