import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { checkConfiguration } from './check-configuration.js'
import { printChecks } from './checks-text.js'
import { CONFIG_FILE } from './choose-database.js'
import type { CommandRun } from './command.js'
import { UsageError } from './terminal.js'

const EXAMPLES = `
Examples:
  chronode config check
  chronode config check deploy/chronode.toml
  chronode config check --attached app.toml
  chronode config check --json

Nothing is opened and no model is loaded: 'chronode doctor' tries them.
Exit code: 0 the file is right and what it asks for is there, 1 not so, 2 the command was wrong.`

interface CheckOptions {
  readonly attached?: boolean
  readonly json?: boolean
}

export function describeConfig({ terminal, end }: CommandRun): Command {
  const check = new Command('check')
    .description('say everything that is wrong in a configuration, and whether the files that it names are there')
    .argument('[file]', `the configuration (default: ${CONFIG_FILE} of this folder)`)
    .option('--attached', 'it is for an app that gives its own connection, and has no storage.path')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string | undefined, { attached = false, json = false }: CheckOptions) => {
      end(await printChecks(await checkConfiguration(file ?? configHere(), { attached }), { json }, terminal))
    })
  return new Command('config').description('check a configuration').addCommand(check)
}

function configHere(): string {
  if (existsSync(CONFIG_FILE)) return CONFIG_FILE
  throw new UsageError(`There is no ${CONFIG_FILE} in this folder. Name a configuration: chronode config check FILE.`)
}
