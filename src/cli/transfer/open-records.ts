import { openArrow } from './arrow-records.js'
import { openCsv } from './csv-records.js'
import type { FileFormat } from './file-format.js'
import type { Input } from './input.js'
import { openJsonl } from './jsonl-records.js'
import { openParquet } from './parquet-records.js'
import type { Records, WantedColumn } from './records.js'

/** Each format has its reader; the header is read at once, so that a column that is not there ends the import before it begins. */
export async function openRecords(input: Input, { format, delimiter }: FileFormat, wanted: readonly WantedColumn[]): Promise<Records> {
  switch (format) {
    case 'csv':
      return openCsv(input, wanted, delimiter)
    case 'jsonl':
      return openJsonl(input, wanted)
    case 'arrow':
      return openArrow(input, wanted)
    case 'parquet':
      return openParquet(input, wanted)
  }
}
