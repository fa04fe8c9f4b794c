import { beside } from './beside.ts'
import { linearAndParse, neural } from './budgets.ts'
import { bulk } from './bulk.ts'
import type { Suite } from './finding.ts'
import { footprint } from './footprint.ts'
import { kernels } from './kernels.ts'
import { live } from './live.ts'
import { iterateAMillion } from './memory.ts'
import { nearest } from './nearest.ts'
import { opening } from './opening.ts'
import { reads } from './reads.ts'
import { sql } from './sql.ts'

/** In the order of the report. The footprint is first: Linux counts the memory of the process that starts another as the other's (`ru_maxrss`). */
export const suites: readonly Suite[] = [
  { name: 'footprint', run: footprint },
  { name: 'predict', run: linearAndParse },
  { name: 'neural', run: neural },
  { name: 'bulk', run: bulk },
  { name: 'live', run: live },
  { name: 'reads', run: reads },
  { name: 'opening', run: opening },
  { name: 'kernels', run: kernels },
  { name: 'nearest', run: nearest },
  { name: 'sql', run: sql },
  { name: 'beside', run: beside },
  { name: 'iterate', run: iterateAMillion },
]
