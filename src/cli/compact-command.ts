import { Command } from 'commander'
import type { CompactReport } from '../index.js'
import { counted, countText, sizeText } from './amounts.js'
import { configOption, type DatabaseOptions, databaseOption } from './choose-database.js'
import type { CommandRun } from './command.js'
import { interruptible } from './interrupt.js'
import { openStorage } from './open-storage.js'
import { ProgressLine } from './progress-line.js'
import { EXIT, type Terminal, write } from './terminal.js'

const EXAMPLES = `
Examples:
  chronode compact
  chronode compact --database words.db
  chronode compact --json

Others may read and write meanwhile; in the last step, which writes the file anew and needs as much room once more, writes wait.
Exit code: 0 it was done, 1 it could not be, 2 the command was wrong, 130 it was interrupted: what was packed stays packed.`

export function describeCompact({ terminal, end }: CommandRun): Command {
  return new Command('compact')
    .description('pack all observations into blocks, and give room that is left free back to the file system')
    .addOption(configOption())
    .addOption(databaseOption())
    .option('--json', 'print what was packed, and the bytes before and after, as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: DatabaseOptions & { json?: boolean }) => end(await compactCommand(options, terminal)))
}

async function compactCommand({ json = false, ...chosen }: DatabaseOptions & { json?: boolean }, terminal: Terminal): Promise<number> {
  await (await openStorage(chosen, { readonly: true }, terminal)).close() // a misspelt name makes no file
  await using db = await openStorage(chosen, { readonly: false }, terminal)
  const report = await interruptible(async (signal) => {
    using line = new ProgressLine(terminal)
    return await db.compact({
      signal,
      onProgress: ({ collection, entities, entitiesTotal }) =>
        line.tell(() => `${collection}: ${countText(entities)} of ${counted(entitiesTotal, 'entity', 'entities')}`),
    })
  })
  await write(terminal.stdout, json ? jsonText(report) : reportText(report))
  return EXIT.ok
}

function jsonText({ packed, bytesBefore, bytesAfter }: CompactReport): string {
  return `${JSON.stringify({ packed, bytes_before: bytesBefore, bytes_after: bytesAfter })}\n`
}

function reportText({ packed, bytesBefore, bytesAfter }: CompactReport): string {
  return `Packed ${counted(packed, 'observation')}. The file had ${sizeText(bytesBefore)}, and has ${sizeText(bytesAfter)}.\n`
}
