import { Command } from 'commander'
import type { VerifyReport } from '../index.js'
import { counted } from './amounts.js'
import { visible } from './cell.js'
import { configOption, type DatabaseOptions, databaseOption } from './choose-database.js'
import type { CommandRun } from './command.js'
import { interruptible } from './interrupt.js'
import { openStorage } from './open-storage.js'
import { placeText } from './problem-text.js'
import { ProgressLine } from './progress-line.js'
import { EXIT, styled, type Terminal, write } from './terminal.js'

const EXAMPLES = `
Examples:
  chronode verify
  chronode verify --database words.db
  chronode verify --json

Every stored checksum and count is computed again, and SQLite checks its own structures. Others may go on reading and writing meanwhile.
Exit code: 0 all is whole, 1 something is damaged, 2 the command was wrong, 130 it was interrupted.`

export function describeVerify({ terminal, end }: CommandRun): Command {
  return new Command('verify')
    .description('check everything that is stored, and name what is damaged')
    .addOption(configOption())
    .addOption(databaseOption())
    .option('--json', 'print the report as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: DatabaseOptions & { json?: boolean }) => end(await verifyCommand(options, terminal)))
}

async function verifyCommand({ json = false, ...chosen }: DatabaseOptions & { json?: boolean }, terminal: Terminal): Promise<number> {
  await using db = await openStorage(chosen, { readonly: true }, terminal)
  const report = await interruptible(async (signal) => {
    using line = new ProgressLine(terminal)
    return await db.verify({ signal, onProgress: ({ checked }) => line.tell(() => `${counted(checked, 'row')} checked`) })
  })
  await write(terminal.stdout, json ? jsonText(report) : reportText(report, terminal))
  return report.ok ? EXIT.ok : EXIT.failed
}

function jsonText({ ok, checked, problems }: VerifyReport): string {
  const places = problems.map(({ collection = null, entity = null, what }) => ({ collection, entity, what }))
  return `${JSON.stringify({ ok, checked, problems: places }, null, 2)}\n`
}

function reportText({ ok, checked, problems }: VerifyReport, { stdout }: Terminal): string {
  if (ok) return `All is whole: ${counted(checked, 'row')} checked.\n`
  const advice = 'Restore a backup, or copy what is whole with: chronode salvage FROM TO'
  const lines = problems.map((problem) => `${styled('red', 'damaged', stdout)}  ${visible(placeText(problem))}\n`)
  return `${lines.join('')}\n${counted(problems.length, 'problem')}, ${counted(checked, 'row')} checked. ${advice}\n`
}
