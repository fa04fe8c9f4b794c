import { createRequire } from 'node:module'
import { Command, CommanderError, Option } from 'commander'
import { DatabaseError, InvariantError } from '../index.js'
import { visible } from './cell.js'
import { CONFIG_FILE, type DatabaseOptions } from './choose-database.js'
import { doctorCommand } from './doctor-command.js'
import { nativeBuildCommand } from './native-build.js'
import { ParameterList } from './parameter-values.js'
import { queryCommand } from './query-command.js'
import { EXIT, styled, type Terminal, UsageError } from './terminal.js'

/**
 * Runs the `chronode` command.
 *
 * @param words  What stands after its name.
 * @returns the exit code.
 */
export async function runProgram(words: readonly string[], terminal: Terminal): Promise<number> {
  let code: number = EXIT.ok
  const program = describeProgram(terminal, (ended) => {
    code = ended
  })
  try {
    await program.parseAsync(words, { from: 'user' })
    return code
  } catch (error) {
    return codeOf(error, terminal)
  }
}

const EXAMPLES = `
Examples:
  chronode query "PREDICT vector AT '2030-12-31' FOR ENTITY 'climate'"
  chronode doctor
  chronode native build

'chronode query --help' and the like say more of each.`

const QUERY_EXAMPLES = `
Examples:
  chronode query "PREDICT vector AT '2030-12-31' FOR ENTITY 'climate'"
  chronode query --database words.db "SHOW COLLECTIONS"
  chronode query "PREDICT vector AT $1 FOR ENTITY $2" --param 2030-12-31 --param climate
  chronode query "SELECT * FROM words FOR ENTITIES :who" --json-param ':who=["climate", "oil"]'
  chronode query --json - < statement.sql

The database is opened for reading alone. Exit code: 0 rows were printed, 1 the query or the database was wrong, 2 the command was.`

const DOCTOR_EXAMPLES = `
Examples:
  chronode doctor
  chronode doctor --config chronode.toml
  chronode doctor --json

Exit code: 0 all that the configuration asks for works, 1 something of it does not.`

const NATIVE_BUILD_NOTES = `
It needs a C++20 compiler, CMake, libtorch (the environment variable LIBTORCH may name its folder; else a Python with torch, or the system's),
and the packages cmake-js and node-addon-api: npm install --save-dev cmake-js node-addon-api. Nothing is installed or fetched.
The result goes into the cache of this user, for this version of chronode and this libtorch; every app of the user finds it there.

Exit code: 0 both addons are there, 1 something is missing or failed.`

function describeProgram(terminal: Terminal, end: (code: number) => void): Command {
  const program = new Command('chronode')
    .description('An embedded temporal vector database: ask what is stored, what was, and what will be.')
    .version(packageVersion(), '-v, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      getOutHelpWidth: () => terminal.stdout.columns ?? 100,
      getErrHelpWidth: () => terminal.stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError("Run 'chronode --help' for what there is.")
    .addHelpText('after', EXAMPLES)
  program.addCommand(describeQuery(end, terminal).copyInheritedSettings(program))
  program.addCommand(describeDoctor(end, terminal).copyInheritedSettings(program))
  program.addCommand(describeNative(end, terminal, program))
  return program
}

function describeQuery(end: (code: number) => void, terminal: Terminal): Command {
  const parameters = new ParameterList()
  return new Command('query')
    .description('run one statement of the query language and print its rows')
    .argument('<statement>', "the statement, in quotes; '-' reads it from standard input")
    .addOption(configOption().conflicts('database'))
    .option('--database <file>', 'a database file, without a configuration: no model, predictions are linear')
    .option('--param <text>', 'the value of $1, then of $2, ..., or :name=text; as text', (text) => parameters.addText(text))
    .option('--json-param <json>', 'the same as JSON: a number, a list, a vector, null', (json) => parameters.addJson(json))
    .addOption(new Option('--json', 'print a JSON array, one row a line, vectors in full, times in epoch milliseconds').conflicts('table'))
    .option('--table', 'print a table for people (the default)')
    .addHelpText('after', QUERY_EXAMPLES)
    .action(async (statement: string, { json = false, ...database }: DatabaseOptions & { json?: boolean }) => {
      end(await queryCommand({ ...database, statement, json, values: parameters.values() }, terminal))
    })
}

function describeDoctor(end: (code: number) => void, terminal: Terminal): Command {
  return new Command('doctor')
    .description('say what works on this machine, what does not, and what mends it')
    .addOption(configOption())
    .option('--json', 'print JSON')
    .addHelpText('after', DOCTOR_EXAMPLES)
    .action(async (options: { config?: string; json?: boolean }) => {
      end(await doctorCommand(options, packageVersion(), terminal))
    })
}

function describeNative(end: (code: number) => void, terminal: Terminal, program: Command): Command {
  const build = new Command('build')
    .description('build the native code against the libtorch of this machine, so that models can answer')
    .option('--force', 'build also what is unchanged')
    .addHelpText('after', NATIVE_BUILD_NOTES)
    .action(async ({ force = false }: { force?: boolean }) => end(await nativeBuildCommand({ force }, terminal)))
  const native = new Command('native').description('build the native code').copyInheritedSettings(program)
  return native.addCommand(build.copyInheritedSettings(program))
}

function configOption(): Option {
  return new Option('--config <file>', `the configuration (default: ${CONFIG_FILE} of this folder)`)
}

function codeOf(error: unknown, { stderr }: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage // commander has told it already
  const title = styled('red', 'error:', stderr)
  if (error instanceof UsageError) {
    stderr.write(`${title} ${visible(error.message)}\n`)
    return EXIT.usage
  }
  if (!(error instanceof DatabaseError) || error instanceof InvariantError) throw error // a bug: with its trace
  const lines = error.message.split('\n').map(visible)
  stderr.write(`${title} ${lines.join('\n')}\n\n${styled('dim', error.code, stderr)}\n`)
  return EXIT.failed
}

function packageVersion(): string {
  const { version }: { version: string } = createRequire(import.meta.url)('chronode/package.json')
  return version
}
