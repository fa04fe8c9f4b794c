import { cpus, totalmem } from 'node:os'
import { type Finding, linearAndParse, neural } from './budgets.ts'
import { iterateAMillion } from './memory.ts'

/** Runs the speed budgets and prints a table in Markdown, as docs/benchmarks.md keeps it. */
function row({ work, against, budget, ratio, holds, detail }: Finding): string {
  return `| ${work} | ${against} | ${budget} | ${ratio} | ${holds ? 'yes' : '**no**'} | ${detail} |`
}

console.log(
  `Machine: ${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}, Node ${process.version}.\n`,
)
console.log('| work | against | budget | ratio, median (min to max) | holds | absolute |')
console.log('|---|---|---|---|---|---|')
for (const suite of [linearAndParse, neural, iterateAMillion]) {
  for (const finding of await suite()) console.log(row(finding))
}
