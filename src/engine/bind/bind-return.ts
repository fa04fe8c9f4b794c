import type { EntityRecord, Observation } from '../../storage/index.js'
import type { Evaluate } from '../expression/compiled.js'
import type { PredictedRecord, StoredRecord } from '../predict-record.js'
import type { Mistakes } from '../syntax/mistakes.js'
import type { Identifier, Item, Items } from '../syntax/statement.js'
import type { Binder } from './bind-clauses.js'
import type { BoundNearest, OutputColumn } from './bound.js'

/** A neighbour: what columns of NEAREST look at. */
export interface Found {
  readonly rank: number
  readonly entity: Pick<EntityRecord, 'id' | 'attributes'>
  readonly timestamp: number
  readonly distance: number
  readonly score: number
  readonly ageMs: number
  /** Of a stored one, where a column shows something of it. */
  readonly observation?: Observation | undefined
  /** Of a predicted one. */
  readonly prediction?: StoredRecord | PredictedRecord | undefined
}

const ALWAYS: Readonly<Record<string, (found: Found) => unknown>> = {
  rank: ({ rank }) => rank,
  entity: ({ entity }) => entity.id,
  timestamp: ({ timestamp }) => timestamp,
  distance: ({ distance }) => distance,
  age_ms: ({ ageMs }) => ageMs,
}
const BOTH: Readonly<Record<string, (found: Found) => unknown>> = {
  score: ({ score }) => score,
  attributes: ({ entity }) => entity.attributes,
}
const OF_STORED: Readonly<Record<string, (found: Found) => unknown>> = {
  vector: ({ observation }) => observation?.vector,
  payload: ({ observation }) => observation?.payload ?? null,
  recorded_at: ({ observation }) => observation?.recordedAt,
}
const OF_PREDICTED: Readonly<Record<string, (found: Found) => unknown>> = {
  vector: ({ prediction }) => prediction?.vector,
  method: ({ prediction }) => prediction?.method,
  fallback_reason: ({ prediction }) => prediction?.fallback_reason,
  kind: ({ prediction }) => prediction?.kind,
  model: ({ prediction }) => prediction?.model,
  horizon_ms: ({ prediction }) => prediction?.horizon_ms,
  last_timestamp: ({ prediction }) => prediction?.last_timestamp,
  context_count: ({ prediction }) => prediction?.context_count,
}

/** The columns of NEAREST, for what is stored and for what is predicted. */
export const NEAREST_COLUMNS = {
  stored: { ...ALWAYS, ...BOTH, ...OF_STORED },
  predicted: { ...ALWAYS, ...BOTH, ...OF_PREDICTED },
}

type Columns = Readonly<Record<string, (found: Found) => unknown>>

/** The columns that rows have whatever RETURN says, and behind them those that it names. */
export function bindReturn(
  items: Items | undefined,
  { isPredicted, isScored }: { readonly isPredicted: boolean; readonly isScored: boolean },
  { mistakes }: Binder,
): Pick<BoundNearest, 'columns' | 'shows'> {
  const known: Columns = isPredicted ? NEAREST_COLUMNS.predicted : NEAREST_COLUMNS.stored
  const always = [...Object.keys(ALWAYS), ...(isScored ? ['score'] : []), ...(isPredicted ? ['vector', 'method', 'fallback_reason'] : [])]
  const columns = always.map((name) => output(name, name, known))
  const shown = new Set<string>()
  const taken = new Set(always)
  for (const { name, alias } of listed(items, known)) {
    const column = name.name.toLowerCase()
    if (!Object.hasOwn(known, column)) throw unknownColumn(name, known, mistakes)
    shown.add(column)
    if (alias === undefined && always.includes(column)) continue // it is there already
    const as = alias?.name ?? column
    if (as === '__proto__') throw mistakes.syntax(alias ?? name, 'No column can be called "__proto__". Give it another name with AS.')
    if (taken.has(as)) throw mistakes.syntax(alias ?? name, `Two columns are called "${as}". Give one another name with AS.`)
    taken.add(as)
    columns.push(output(column, as, known))
  }
  const isShown = !isPredicted && Object.keys(OF_STORED).some((name) => shown.has(name))
  return { columns, shows: isShown ? { vectors: shown.has('vector'), payloads: shown.has('payload') } : undefined }
}

/** `*` is all of them, but for the score, which is the distance unless something else is asked for. */
function listed(items: Items | undefined, known: Columns): readonly Pick<Item, 'name' | 'alias'>[] {
  if (items === undefined) return []
  const names = Object.keys(known).filter((name) => name !== 'score')
  return items.list ?? names.map((name) => ({ name: { ...items, kind: 'identifier', name }, alias: undefined }))
}

function unknownColumn(written: Identifier, known: Columns, mistakes: Mistakes): Error {
  const column = written.name.toLowerCase()
  if (Object.hasOwn(OF_PREDICTED, column))
    return mistakes.syntax(written, `${column} is of predictions, which PREDICTED AT searches; these candidates are stored.`)
  if (Object.hasOwn(OF_STORED, column))
    return mistakes.syntax(written, `${column} is of stored observations; candidates of PREDICTED AT are predictions.`)
  return mistakes.unknown(written, 'no column of NEAREST', written.name, Object.keys(known))
}

function output(name: string, as: string, known: Columns): OutputColumn {
  const evaluate: Evaluate = known[name]!
  return { name: as, evaluate, isVector: name === 'vector' }
}
