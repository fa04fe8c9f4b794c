import { Command } from 'commander'
import type { Collection, Database } from '../index.js'
import { configOption, type DatabaseOptions, databaseOption } from './choose-database.js'
import { summaryOf } from './collection-summary.js'
import type { CommandRun } from './command.js'
import { openStorage } from './open-storage.js'
import { tableText } from './table.js'
import { EXIT, type Terminal, write } from './terminal.js'

const EXAMPLES = `
Examples:
  chronode describe words
  chronode describe words --entity climate
  chronode describe words --entity climate --json

The database is opened for reading alone. Exit code: 0 it was described, 1 there is none of that name or the database was wrong, 2 the command was.`

interface DescribeOptions extends DatabaseOptions {
  readonly entity?: string
  readonly json?: boolean
}

export function describeDescribe({ terminal, end }: CommandRun): Command {
  return new Command('describe')
    .description('describe one collection, or one entity of it')
    .argument('<collection>', 'its name')
    .option('--entity <id>', 'an entity of it: how much, from when to when, its attributes')
    .addOption(configOption())
    .addOption(databaseOption())
    .option('--json', 'print a JSON object, times in epoch milliseconds')
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, options: DescribeOptions) => end(await describeCommand(name, options, terminal)))
}

async function describeCommand(name: string, { entity, json = false, ...chosen }: DescribeOptions, terminal: Terminal): Promise<number> {
  await using db = await openStorage(chosen, { readonly: true }, terminal)
  const collection = db.collection(name)
  const description: object = entity === undefined ? await summaryOf(collection) : await entityOf(db, collection, entity)
  const rows = Object.entries(description).map(([property, value]: [string, unknown]) => ({ property, value }))
  await write(terminal.stdout, json ? `${JSON.stringify(description, null, 2)}\n` : tableText(rows, ['property', 'value'], terminal.stdout))
  return EXIT.ok
}

/** What DESCRIBE ENTITY says. @throws {NotFoundError} */
async function entityOf(db: Database, collection: Collection, entity: string): Promise<object> {
  await collection.attributes(entity) // an error of its own, in place of one that points into a statement nobody has written
  const text = `DESCRIBE ENTITY $1 FROM "${collection.name.replaceAll('"', '""')}"`
  const { rows } = await db.query<{ property: string; value: unknown }>(text, [entity])
  return Object.fromEntries(rows.map(({ property, value }) => [property, value]))
}
