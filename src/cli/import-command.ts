import { Command, Option } from 'commander'
import type { Metric } from '../index.js'
import { configOption, databaseOption } from './choose-database.js'
import type { CommandRun } from './command.js'
import { UsageError } from './terminal.js'
import { FORMATS, parseDelimiter } from './transfer/file-format.js'
import { type ImportOptions, importFile } from './transfer/import-file.js'
import { TIME_UNITS } from './transfer/time-cell.js'

const BATCH_SIZE = 1000
const BATCH_SIZE_MAX = 100_000

const EXAMPLES = `
Examples:
  chronode import words.csv --collection words --dimension 32 --entity word --time day --vector v0..v31
  chronode import readings.jsonl.gz --collection sensors --time-unit s --payload '{unit,place}'
  curl https://example.org/words.jsonl | chronode import - --format jsonl --collection words --dry-run
  chronode import words.csv --collection words --rejects rejects.jsonl
  chronode import words.csv --collection words --resume

COL names a column; COLS several: x,y,z or v0..v127. A vector is one column with a list, or many with a number each. A payload, and the
attributes of an entity, are one column of JSON, or in braces, {a,b}, an object of columns. What 'chronode export' writes needs none of these options.
A row at a stored (entity, time) replaces it, so that importing again is harmless. docs/import-export.md says more.

Exit code: 0 all is imported, 1 something was wrong and the message says what is stored, 2 the command was wrong,
3 all but the lines in the file of rejects, 130 stopped by Ctrl-C after a batch: --resume goes on.`

export function describeImport({ terminal, end }: CommandRun): Command {
  return new Command('import')
    .description('fill a collection from CSV, JSON lines, Arrow or Parquet')
    .argument('<file>', "the file, plain or gzip; '-' reads standard input")
    .addOption(configOption())
    .addOption(databaseOption())
    .option('--collection <name>', 'where the rows go (default: the only collection there is)')
    .addOption(new Option('--format <name>', 'what the file is (default: by its extension)').choices(FORMATS))
    .addOption(new Option('--delimiter <character>', "between the cells of CSV; 'tab' (default: a comma)").argParser(parseDelimiter))
    .option('--entity <COL>', 'the id of the entity (default: entity)')
    .option('--time <COL>', 'the moment (default: timestamp)')
    .option('--vector <COLS>', 'the vector (default: vector)')
    .option('--payload <COLS>', 'what belongs to the observation (default: payload, where there is one)')
    .option('--attributes <COLS>', 'what belongs to the entity (default: attributes, where there is one)')
    .addOption(new Option('--time-unit <unit>', 'of times that are numbers (default: ms)').choices(TIME_UNITS))
    .option('--time-zone <zone>', 'of times without an offset, such as Europe/Berlin; without it they are refused')
    .addOption(
      new Option('--dimension <number>', 'make the collection where it is missing, with vectors of this length').argParser(
        wholeNumber('--dimension'),
      ),
    )
    .addOption(new Option('--metric <name>', 'of a collection that is made').choices(['cosine', 'l2', 'dot'] satisfies Metric[]))
    .option('--normalized', 'let a collection that is made scale its vectors to unit length')
    .addOption(new Option('--batch <rows>', 'rows in one transaction').default(BATCH_SIZE).argParser(wholeNumber('--batch', BATCH_SIZE_MAX)))
    .option('--rejects <file>', 'collect lines that cannot be stored, with the reason, as JSON lines, and go on')
    .addOption(new Option('--resume', 'go on where the same command was stopped').conflicts('dryRun'))
    .option('--state <file>', 'where to keep how far it is (default: beside the file, with .import-state behind its name)')
    .option('--overwrite', 'replace a file of rejects or a state that is there, whatever it is')
    .option('--dry-run', 'read and check everything, write nothing')
    .option('--progress', 'tell the progress where there is no terminal, too')
    .option('--json', 'print the summary as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, options: ImportOptions) => end(await importFile(file, options, terminal)))
}

function wholeNumber(option: string, max = Number.MAX_SAFE_INTEGER): (given: string) => number {
  return (given) => {
    const value = Number(given)
    if (/^\d+$/.test(given) && value >= 1 && value <= max) return value
    const bound = max === Number.MAX_SAFE_INTEGER ? 'above 0' : `from 1 to ${max}`
    throw new UsageError(`${option} should be a whole number ${bound}; it is ${JSON.stringify(given)}.`)
  }
}
