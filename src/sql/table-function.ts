import type { ImmediateAnswer } from '../analytics/index.js'
import { QueryLimitError } from '../errors.js'
import type { PredictionItem } from '../prediction.js'
import type { CollectionRecord, ImmediateView } from '../storage/index.js'
import type { SqlArguments } from './sql-arguments.js'
import { bytesOf, type SqlValue } from './sql-values.js'

/** What functions answer from. */
export interface SqlHost {
  /** @param caller  The connection that the statement runs on. */
  readNow<T>(caller: object, work: (view: ImmediateView) => T): T
  /** @param method  Undefined: as configured. */
  predictNow(collection: CollectionRecord, item: PredictionItem, method: string | undefined): ImmediateAnswer
  /** What the rows of one call may take in memory. */
  readonly rowsBytesMax: number
}

/** A function that stands in FROM. */
export interface TableFunction {
  readonly name: string
  /** In their order; as hidden columns they may also be given by `=`. No column may bear the same name. */
  readonly parameters: readonly string[]
  readonly columns: readonly string[]
  rows(given: SqlArguments, view: ImmediateView, host: SqlHost): Iterable<SqlValue[]>
}

/** All rows, before SQLite asks for the first: it does not say when it stops asking, and no view may be left open. */
export function collected({ name }: TableFunction, rows: Iterable<SqlValue[]>, { rowsBytesMax }: SqlHost): SqlValue[][] {
  const all: SqlValue[][] = []
  let bytes = 0
  for (const row of rows) {
    bytes += bytesOf(row)
    if (bytes > rowsBytesMax) throw tooMany(name, rowsBytesMax)
    all.push(row)
  }
  return all
}

function tooMany(name: string, bytesMax: number): QueryLimitError {
  const claim = `The rows of one call of ${name} may take ${bytesMax} bytes, an eighth of memory_limit; these take more.`
  const advice = 'Ask for less at once, by entity or time, or read them with db.prepare(...).iterate(), which takes them one after another.'
  return new QueryLimitError(`${claim} ${advice}`, bytesMax, undefined)
}
