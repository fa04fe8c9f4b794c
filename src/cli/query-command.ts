import { type Database, openDatabase, type ParameterValues } from '../index.js'
import { chooseDatabase, type DatabaseOptions } from './choose-database.js'
import { tableText } from './table.js'
import { EXIT, type Terminal, UsageError, write } from './terminal.js'
import { Warnings } from './warnings.js'

/** Longer statements are no statements. */
const STATEMENT_BYTES_MAX = 1_048_576

export interface QueryCommand extends DatabaseOptions {
  /** `-`: standard input holds it. */
  readonly statement: string
  readonly values: ParameterValues | undefined
  readonly json: boolean
}

/**
 * Runs one statement and prints its rows; warnings go to standard error. The database is opened for reading alone, so that a misspelt name
 * makes no file.
 *
 * @throws {DatabaseError} what openDatabase and query throw.
 */
export async function queryCommand({ statement, values, json, ...database }: QueryCommand, terminal: Terminal): Promise<number> {
  const text = statement === '-' ? await readStatement(terminal) : statement
  const warnings = new Warnings(terminal)
  await using db = await openDatabase(chooseDatabase(database), { readonly: true, logger: warnings })
  if (json) {
    await printJson(db, text, values, warnings, terminal)
    return EXIT.ok
  }
  const { rows, columns, meta } = await db.query(text, values)
  for (const warning of meta.warnings) warnings.tell(warning)
  await write(terminal.stdout, tableText(rows, columns, terminal.stdout))
  return EXIT.ok
}

/** A JSON array with one row a line. Rows are printed as they come, however many there are. */
async function printJson(db: Database, text: string, values: ParameterValues | undefined, warnings: Warnings, { stdout }: Terminal): Promise<void> {
  let before = '['
  for await (const row of db.prepare(text).iterate(values, { vectors: 'array' })) {
    await write(stdout, `${before}\n${JSON.stringify(row)}`)
    before = ','
    if (typeof row['fallback_reason'] === 'string') warnings.tellFallbacks()
  }
  await write(stdout, before === '[' ? '[]\n' : '\n]\n')
}

async function readStatement({ stdin }: Terminal): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stdin) {
    const piece = Buffer.from(chunk)
    bytes += piece.length
    if (bytes > STATEMENT_BYTES_MAX)
      throw new UsageError(`Standard input should hold one statement; it holds more than ${STATEMENT_BYTES_MAX} bytes.`)
    chunks.push(piece)
  }
  return Buffer.concat(chunks).toString('utf8')
}
