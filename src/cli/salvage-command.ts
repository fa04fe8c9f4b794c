import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { type SalvageReport, salvageDatabase } from '../index.js'
import { counted } from './amounts.js'
import { visible } from './cell.js'
import type { CommandRun } from './command.js'
import { interruptible } from './interrupt.js'
import { placeText } from './problem-text.js'
import { ProgressLine } from './progress-line.js'
import { EXIT, styled, type Terminal, UsageError, write } from './terminal.js'

const EXAMPLES = `
Examples:
  chronode salvage words.db words-salvaged.db
  chronode salvage words.db words-salvaged.db --json

Every observation whose checksum is right is copied, even where SQLite can no longer open the file. The damaged file stays as it is; nobody may
have it open meanwhile.
Exit code: 0 all is in the copy, 1 something is missing, or nothing could be made out, 2 the command was wrong, 130 it was interrupted.`

export function describeSalvage({ terminal, end }: CommandRun): Command {
  return new Command('salvage')
    .description('copy all that is whole out of a damaged database into a new one, and name what is not')
    .argument('<from>', 'the damaged database file')
    .argument('<to>', 'the file to make')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (from: string, to: string, { json = false }: { json?: boolean }) => end(await salvageCommand(from, to, json, terminal)))
}

async function salvageCommand(from: string, to: string, json: boolean, terminal: Terminal): Promise<number> {
  const path = resolve(to)
  if (existsSync(path)) throw new UsageError(`There is something at ${path}. Name a file that is not there yet.`)
  const report = await interruptible(async (signal) => {
    using line = new ProgressLine(terminal)
    const onProgress = (done: { pages: number; pagesTotal: number }) => line.tell(() => `${Math.floor((100 * done.pages) / done.pagesTotal)} % read`)
    return await salvageDatabase(from, path, { signal, onProgress })
  })
  await write(terminal.stdout, json ? jsonText(report) : reportText(report, path, terminal))
  return report.lost.length === 0 ? EXIT.ok : EXIT.failed
}

function jsonText({ lost, ...counts }: SalvageReport): string {
  const places = lost.map(({ collection = null, entity = null, what }) => ({ collection, entity, what }))
  return `${JSON.stringify({ ...counts, lost: places }, null, 2)}\n`
}

function reportText({ collections, entities, observations, lost }: SalvageReport, path: string, { stdout }: Terminal): string {
  const copied = `${counted(observations, 'observation')} of ${counted(entities, 'entity', 'entities')} in ${counted(collections, 'collection')}`
  const lines = lost.map((problem) => `${styled('red', 'lost', stdout)}  ${visible(placeText(problem))}\n`)
  const verdict = lost.length === 0 ? 'Nothing is missing.' : 'What is missing is above: a backup may have it.'
  return `${lines.join('')}${lost.length === 0 ? '' : '\n'}Copied ${copied} to ${visible(path)}. ${verdict}\n`
}
