import { Command, CommanderError } from 'commander'
import { DatabaseError, InvariantError, QueryStoppedError } from '../index.js'
import { describeBackup } from './backup-command.js'
import { visible } from './cell.js'
import { describeCollections } from './collections-command.js'
import { type CommandRun, type DescribeCommand, withSettingsOf } from './command.js'
import { describeCompact } from './compact-command.js'
import { describeConfig } from './config-command.js'
import { describeDescribe } from './describe-command.js'
import { describeDoctor } from './doctor-command.js'
import { describeExport } from './export-command.js'
import { describeImport } from './import-command.js'
import { Interrupted } from './interrupt.js'
import { describeNative } from './native-build.js'
import { packageVersion } from './package-version.js'
import { describeQuery } from './query-command.js'
import { describeSalvage } from './salvage-command.js'
import { EXIT, styled, type Terminal, UsageError } from './terminal.js'
import { describeVerify } from './verify-command.js'

/** All commands, as help lists them. */
const COMMANDS: readonly DescribeCommand[] = [
  describeQuery,
  describeCollections,
  describeDescribe,
  describeImport,
  describeExport,
  describeVerify,
  describeSalvage,
  describeBackup,
  describeCompact,
  describeConfig,
  describeDoctor,
  describeNative,
]

const EXAMPLES = `
Examples:
  chronode query "PREDICT vector AT '2030-12-31' FOR ENTITY 'climate'"
  chronode collections
  chronode verify
  chronode doctor
  chronode native build

'chronode query --help' and the like say more of each.`

/**
 * Runs the `chronode` command.
 *
 * @param words  What stands after its name.
 * @returns the exit code.
 */
export async function runProgram(words: readonly string[], terminal: Terminal): Promise<number> {
  let code: number = EXIT.ok
  const end = (ended: number) => {
    code = ended
  }
  try {
    await describeProgram({ terminal, end }).parseAsync(words, { from: 'user' })
    return code
  } catch (error) {
    return codeOf(error, terminal)
  }
}

function describeProgram(run: CommandRun): Command {
  const { stdout, stderr } = run.terminal
  const program = new Command('chronode')
    .description('An embedded temporal vector database: ask what is stored, what was, and what will be.')
    .version(packageVersion(), '-v, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => stdout.columns ?? 100,
      getErrHelpWidth: () => stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError("Run 'chronode --help' for what there is.")
    .addHelpText('after', EXAMPLES)
  for (const describe of COMMANDS) program.addCommand(withSettingsOf(program, describe(run)))
  return program
}

function codeOf(error: unknown, { stderr }: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage // commander has told it already
  if (error instanceof QueryStoppedError && error.cause instanceof Interrupted) {
    stderr.write(`${visible(error.message)}\n`)
    return EXIT.interrupted
  }
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
