import { asOf } from './as-of.js'
import { nearest } from './nearest.js'
import { predict } from './predict.js'
import { SqlArguments } from './sql-arguments.js'
import type { SqlConnection } from './sql-connection.js'
import type { SqlValue } from './sql-values.js'
import { collected, type SqlHost, type TableFunction } from './table-function.js'
import { trajectory } from './trajectory.js'
import { VECTOR_DISTANCE, vectorDistance } from './vector-distance.js'

const TABLE_FUNCTIONS: readonly TableFunction[] = [asOf, nearest, trajectory, predict]

/**
 * Adds our functions to a connection; those that it has by these names are replaced.
 *
 * @throws {ArgumentError} what they would read lies behind that connection alone.
 */
export function registerSqlFunctions(connection: SqlConnection, host: SqlHost): void {
  host.readNow(connection, () => undefined)
  for (const asked of TABLE_FUNCTIONS) connection.table(asked.name, definitionOf(asked, connection, host))
  connection.function(VECTOR_DISTANCE, { deterministic: true, safeIntegers: false }, vectorDistance)
}

/** As better-sqlite3 wants it. */
function definitionOf(asked: TableFunction, connection: SqlConnection, host: SqlHost): object {
  const { name, parameters, columns } = asked
  return {
    parameters: [...parameters],
    columns: [...columns],
    safeIntegers: false,
    *rows(...values: unknown[]): Generator<SqlValue[]> {
      const given = new SqlArguments(name, parameters, values)
      yield* host.readNow(connection, (view) => collected(asked, asked.rows(given, view, host), host))
    },
  }
}
