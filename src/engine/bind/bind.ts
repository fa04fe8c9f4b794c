import type { Timestamp } from '../../timestamp.js'
import { Parameters, type ParameterValues } from '../expression/parameters.js'
import { ValueBinder } from '../expression/value-binder.js'
import { Mistakes } from '../syntax/mistakes.js'
import type { Describe, Query, Show } from '../syntax/statement.js'
import { type Binder, bindSource, type Catalog, namedCollection } from './bind-clauses.js'
import { bindNearest } from './bind-nearest.js'
import { bindPredict } from './bind-predict.js'
import { bindSelect } from './bind-select.js'
import type { BoundDescribe, BoundQuery, BoundShow } from './bound.js'

/**
 * Checks every name of a statement and turns its parameters into values.
 *
 * @param text  What the statement was parsed from, for error frames; of a typed request its condition.
 * @throws {QueryNameError | QueryTypeError | QueryParameterError | NotFoundError} with their place.
 */
export function bind(query: Query, text: string, values: ParameterValues | undefined, catalog: Catalog, now: Timestamp): BoundQuery {
  const mistakes = new Mistakes(text)
  const parameters = new Parameters(values, mistakes)
  const bound = bindQuery(query, { values: new ValueBinder(parameters, mistakes, now), mistakes, catalog })
  parameters.rejectUnused(query)
  return bound
}

function bindQuery(query: Query, binder: Binder): BoundQuery {
  switch (query.kind) {
    case 'predict':
      return bindPredict(query, binder)
    case 'select':
      return bindSelect(query, binder)
    case 'nearest':
      return bindNearest(query, binder)
    case 'show':
      return bindShow(query, binder)
    case 'describe':
      return bindDescribe(query, binder)
  }
}

function bindShow({ what, source }: Show, { catalog, mistakes }: Binder): BoundShow {
  return { kind: 'show', what, collection: source && namedCollection(source, catalog, mistakes) }
}

function bindDescribe(statement: Describe, binder: Binder): BoundDescribe {
  const { what, name, source } = statement
  const { mistakes, values, catalog } = binder
  const text = name.kind === 'identifier' ? name.name : values.text(name, 'A name')
  switch (what) {
    case 'collection':
      return {
        kind: 'describe-collection',
        collection: namedCollection({ kind: 'identifier', name: text, start: name.start, end: name.end }, catalog, mistakes),
      }
    case 'model':
      return { kind: 'describe-model', model: text, missing: (known) => mistakes.missing(name, 'model', text, known) }
    case 'entity': {
      const collection = bindSource(source, statement, binder)
      const missing = (known: readonly string[]) => mistakes.missing(name, 'entity', text, known, ` in collection "${collection.name}"`)
      return { kind: 'describe-entity', collection, entity: text, missing }
    }
  }
}
