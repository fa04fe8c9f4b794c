import { Command } from 'commander'
import { visible } from './cell.js'
import type { Check } from './check.js'
import { configOption } from './choose-database.js'
import type { CommandRun } from './command.js'
import { examine } from './examine.js'
import { packageVersion } from './package-version.js'
import { EXIT, styled, type Terminal, write } from './terminal.js'

/** What is printed for a status, and how: `failed` alone must catch the eye. */
const STYLES = { ok: 'green', absent: 'yellow', failed: 'red' } as const

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
    .action(async (options: { config?: string; json?: boolean }) => end(await doctorCommand(options, packageVersion(), terminal)))
}

/** Prints what works and what does not. @returns 1 when something that the configuration asks for does not. */
export async function doctorCommand(options: { config?: string; json?: boolean }, version: string, { stdout }: Terminal): Promise<number> {
  const checks = await examine(options.config, version)
  const failed = checks.filter(({ status }) => status === 'failed').length
  if (options.json === true) {
    await write(stdout, `${JSON.stringify({ ok: failed === 0, checks }, null, 2)}\n`)
  } else {
    const width = Math.max(...checks.map(({ name }) => name.length))
    for (const check of checks)
      await write(
        stdout,
        checkText(check, width, (text) => styled(STYLES[check.status], text, stdout)),
      )
    await write(stdout, `\n${verdict(checks, failed)}\n`)
  }
  return failed === 0 ? EXIT.ok : EXIT.failed
}

function checkText({ name, status, detail, remedy }: Check, width: number, coloured: (text: string) => string): string {
  const indent = ' '.repeat('absent'.length + width + 4)
  const lines = (text: string): string => text.split('\n').map(visible).join(`\n${indent}`)
  const advice = remedy === undefined ? '' : `${indent}to mend it: ${lines(remedy)}\n`
  return `${coloured(status.padEnd('absent'.length))}  ${name.padEnd(width)}  ${lines(detail)}\n${advice}`
}

function verdict(checks: readonly Check[], failed: number): string {
  if (failed > 0) return failed === 1 ? 'One thing does not work.' : `${failed} things do not work.`
  return checks.some(({ status }) => status === 'absent') ? 'All that is asked for works; what is absent is not asked for.' : 'All works.'
}
