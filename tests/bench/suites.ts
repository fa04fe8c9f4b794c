import { linearAndParse, neural } from './budgets.ts'
import { bulk } from './bulk.ts'
import type { Suite } from './finding.ts'
import { live } from './live.ts'
import { iterateAMillion } from './memory.ts'

/** In the order of the report. */
export const suites: readonly Suite[] = [
  { name: 'predict', run: linearAndParse },
  { name: 'neural', run: neural },
  { name: 'bulk', run: bulk },
  { name: 'live', run: live },
  { name: 'iterate', run: iterateAMillion },
]
