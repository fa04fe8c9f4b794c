import { Command } from 'commander'
import { configOption, type DatabaseOptions, databaseOption } from './choose-database.js'
import { type CollectionSummary, summaryOf } from './collection-summary.js'
import type { CommandRun } from './command.js'
import { openStorage } from './open-storage.js'
import { tableText } from './table.js'
import { EXIT, type Terminal, write } from './terminal.js'

const EXAMPLES = `
Examples:
  chronode collections
  chronode collections --database words.db
  chronode collections --json

The database is opened for reading alone. Exit code: 0 they were printed, 1 the database was wrong, 2 the command was.`

const COLUMNS: readonly (keyof CollectionSummary)[] = [
  'name',
  'dimension',
  'metric',
  'normalized',
  'entity_count',
  'observation_count',
  'first_timestamp',
  'last_timestamp',
]

export function describeCollections({ terminal, end }: CommandRun): Command {
  return new Command('collections')
    .description('list the collections: settings, how much is in them, and from when to when')
    .addOption(configOption())
    .addOption(databaseOption())
    .option('--json', 'print a JSON array, one collection a line, times in epoch milliseconds')
    .addHelpText('after', EXAMPLES)
    .action(async (options: DatabaseOptions & { json?: boolean }) => end(await collectionsCommand(options, terminal)))
}

async function collectionsCommand({ json = false, ...chosen }: DatabaseOptions & { json?: boolean }, terminal: Terminal): Promise<number> {
  await using db = await openStorage(chosen, { readonly: true }, terminal)
  const rows: CollectionSummary[] = []
  for (const collection of db.collections()) rows.push(await summaryOf(collection))
  await write(terminal.stdout, json ? jsonText(rows) : tableText(rows, COLUMNS, terminal.stdout))
  return EXIT.ok
}

function jsonText(rows: readonly CollectionSummary[]): string {
  return rows.length === 0 ? '[]\n' : `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`
}
