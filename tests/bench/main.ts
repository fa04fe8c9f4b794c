import { cpus, totalmem } from 'node:os'
import { HEADER, row, type Scale } from './finding.ts'
import { suites } from './suites.ts'

/**
 * Runs the speed budgets and prints a table in Markdown, as docs/benchmarks.md keeps it.
 * `npm run bench -- [--quick] [SUITE...]`: without a name all of them.
 */
const words = process.argv.slice(2)
const scale: Scale = words.includes('--quick') ? 'quick' : 'full'
const names = words.filter((word) => word !== '--quick')
const unknown = names.find((name) => !suites.some((suite) => suite.name === name))
if (unknown !== undefined) throw new Error(`There is no suite "${unknown}"; there are ${suites.map(({ name }) => name).join(', ')}, and --quick.`)

console.log(
  `Machine: ${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}, Node ${process.version}.\n`,
)
console.log(HEADER)
for (const { name, run } of suites) {
  if (names.length > 0 && !names.includes(name)) continue
  for (const finding of await run(scale)) console.log(row(finding))
}
