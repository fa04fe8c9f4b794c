import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { sizeText } from './amounts.js'
import { visible } from './cell.js'
import { configOption, type DatabaseOptions, databaseOption } from './choose-database.js'
import type { CommandRun } from './command.js'
import { interruptible } from './interrupt.js'
import { openStorage } from './open-storage.js'
import { ProgressLine } from './progress-line.js'
import { EXIT, type Terminal, UsageError, write } from './terminal.js'

const EXAMPLES = `
Examples:
  chronode backup words-monday.db
  chronode backup words-monday.db --overwrite
  chronode backup --database words.db /backups/words.db

The copy is the database as it is at one moment, while others go on writing; half a copy never bears the name.
Exit code: 0 the copy is there, 1 it could not be made, 2 the command was wrong, 130 it was interrupted.`

interface BackupOptions extends DatabaseOptions {
  readonly overwrite?: boolean
  readonly json?: boolean
}

export function describeBackup({ terminal, end }: CommandRun): Command {
  return new Command('backup')
    .description('copy the whole database to a new file, while others read and write')
    .argument('<to>', 'the file to make')
    .option('--overwrite', 'replace a file that is there')
    .addOption(configOption())
    .addOption(databaseOption())
    .option('--json', 'print the path and the size of the copy as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (to: string, options: BackupOptions) => end(await backupCommand(to, options, terminal)))
}

async function backupCommand(to: string, { overwrite = false, json = false, ...chosen }: BackupOptions, terminal: Terminal): Promise<number> {
  const path = resolve(to)
  if (!overwrite && existsSync(path)) throw new UsageError(`There is something at ${path}. Name another file, or replace it with --overwrite.`)
  await using db = await openStorage(chosen, { readonly: true }, terminal)
  await interruptible(async (signal) => {
    using line = new ProgressLine(terminal)
    const onProgress = (done: { pages: number; pagesTotal: number }) =>
      line.tell(() => `${Math.floor((100 * done.pages) / done.pagesTotal)} % copied`)
    await db.backup(path, { overwrite, signal, onProgress })
  })
  const { size } = statSync(path)
  await write(terminal.stdout, json ? `${JSON.stringify({ path, bytes: size })}\n` : `Copied ${sizeText(size)} to ${visible(path)}.\n`)
  return EXIT.ok
}
