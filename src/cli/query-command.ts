import { Command, Option } from 'commander'
import { type Database, openDatabase, type ParameterValues } from '../index.js'
import { chooseDatabase, configOption, type DatabaseOptions, databaseOption } from './choose-database.js'
import type { CommandRun } from './command.js'
import { ParameterList } from './parameter-values.js'
import { tableText } from './table.js'
import { EXIT, type Terminal, UsageError, write } from './terminal.js'
import { Warnings } from './warnings.js'

/** Longer statements are no statements. */
const STATEMENT_BYTES_MAX = 1_048_576

const EXAMPLES = `
Examples:
  chronode query "PREDICT vector AT '2030-12-31' FOR ENTITY 'climate'"
  chronode query --database words.db "SHOW COLLECTIONS"
  chronode query 'PREDICT vector AT $1 FOR ENTITY $2' --param 2030-12-31 --param climate
  chronode query "SELECT * FROM words FOR ENTITIES :who" --json-param ':who=["climate", "oil"]'
  chronode query --json - < statement.sql

The database is opened for reading alone. Exit code: 0 rows were printed, 1 the query or the database was wrong, 2 the command was.`

export function describeQuery({ terminal, end }: CommandRun): Command {
  const parameters = new ParameterList()
  return new Command('query')
    .description('run one statement of the query language and print its rows')
    .argument('<statement>', "the statement, in quotes; '-' reads it from standard input")
    .addOption(configOption())
    .addOption(databaseOption('a database file, without a configuration: no model, predictions are linear'))
    .option('--param <text>', 'the value of $1, then of $2, ..., or :name=text; as text', (text) => parameters.addText(text))
    .option('--json-param <json>', 'the same as JSON: a number, a list, a vector, null', (json) => parameters.addJson(json))
    .addOption(new Option('--json', 'print a JSON array, one row a line, vectors in full, times in epoch milliseconds').conflicts('table'))
    .option('--table', 'print a table for people (the default)')
    .addHelpText('after', EXAMPLES)
    .action(async (statement: string, { json = false, ...database }: DatabaseOptions & { json?: boolean }) => {
      end(await queryCommand({ ...database, statement, json, values: parameters.values() }, terminal))
    })
}

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
  if (typeof meta.shortfall === 'string') await write(terminal.stderr, `${meta.shortfall}\n`)
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
