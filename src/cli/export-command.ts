import { Command, Option } from 'commander'
import { configOption, databaseOption } from './choose-database.js'
import type { CommandRun } from './command.js'
import { type ExportOptions, exportFile } from './transfer/export-file.js'
import { TIME_STYLES } from './transfer/export-text.js'
import { FORMATS, parseDelimiter } from './transfer/file-format.js'

const EXAMPLES = `
Examples:
  chronode export words.jsonl.gz
  chronode export words.csv --collection words --vector columns
  chronode export - --format csv --times ms | head
  chronode export words.parquet --database words.db --collection words --overwrite

'chronode import' reads all of these back, the same to the last bit: vectors, times, payloads, attributes, and entities without observations.
Half a file never bears the name. While others write, use a backup: an export is not of one moment. docs/import-export.md says more.

Exit code: 0 the file is there, 1 it could not be written, 2 the command was wrong, 130 it was interrupted.`

export function describeExport({ terminal, end }: CommandRun): Command {
  return new Command('export')
    .description('write a collection as CSV, JSON lines, Arrow or Parquet')
    .argument('<file>', "the file to make, packed where its name ends with .gz; '-' writes to standard output")
    .addOption(configOption())
    .addOption(databaseOption())
    .option('--collection <name>', 'what to write (default: the only collection there is)')
    .addOption(new Option('--format <name>', 'what the file is (default: by its extension)').choices(FORMATS))
    .addOption(new Option('--delimiter <character>', "between the cells of CSV; 'tab' (default: a comma)").argParser(parseDelimiter))
    .addOption(new Option('--vector <how>', 'in CSV: one column with a list, or columns v0, v1, ...').choices(['list', 'columns']).default('list'))
    .addOption(new Option('--times <how>', 'ISO text or epoch milliseconds (default: iso in CSV, else ms)').choices(TIME_STYLES))
    .option('--gzip', 'pack what goes to standard output')
    .option('--overwrite', 'replace a file that is there')
    .option('--progress', 'tell the progress where there is no terminal, too')
    .option('--json', 'print the number of rows and bytes as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, options: ExportOptions) => end(await exportFile(file, options, terminal)))
}
