import { Command } from 'commander'
import { printChecks } from './checks-text.js'
import { configOption } from './choose-database.js'
import type { CommandRun } from './command.js'
import { examine } from './examine.js'
import { packageVersion } from './package-version.js'

const EXAMPLES = `
Examples:
  chronode doctor
  chronode doctor --config chronode.toml
  chronode doctor --json

Exit code: 0 all that the configuration asks for works, 1 something of it does not.`

export function describeDoctor({ terminal, end }: CommandRun): Command {
  return new Command('doctor')
    .description('say what works on this machine, what does not, and what mends it')
    .addOption(configOption())
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: { config?: string; json?: boolean }) => {
      end(await printChecks(await examine(options.config, packageVersion()), { json: options.json === true }, terminal))
    })
}
