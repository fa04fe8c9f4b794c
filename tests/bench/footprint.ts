import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { BenchFolder } from './bench-folder.ts'
import { atMost, type Finding, type Scale } from './finding.ts'
import type { FootprintTask } from './footprint-process.ts'

const DIMENSION = 128
/** What ten times the observations may add: the page caches are full in both. */
const BUDGET = atMost(1.25)
const PROGRAM = fileURLToPath(new URL('./footprint-process.ts', import.meta.url))
const run = promisify(execFile)

/** The memory peak of whole processes that write and read few or ten times as many observations. */
export async function footprint(scale: Scale): Promise<Finding[]> {
  const [few, many] = scale === 'quick' ? [1000, 10_000] : [100_000, 1_000_000]
  using folder = new BenchFolder()
  const findings: Finding[] = []
  for (const task of ['insertMany', 'iterate', 'trajectory'] as const) {
    const small = await peakMiB(task, folder.file(`${few}.db`), few)
    const large = await peakMiB(task, folder.file(`${many}.db`), many)
    findings.push({
      work: `memory peak of ${task}, ${many} × ${DIMENSION}`,
      against: `the same at ${few}`,
      budget: `about 1 (${BUDGET.words})`,
      ratio: (large / small).toFixed(2),
      holds: BUDGET.holds(large / small),
      detail: `${large.toFixed(0)} MiB against ${small.toFixed(0)} MiB`,
    })
  }
  return findings
}

/** A process of its own for each task: the peak of a process never falls. The first task makes the file. */
async function peakMiB(task: FootprintTask, path: string, count: number): Promise<number> {
  const { stdout } = await run(process.execPath, [PROGRAM, task, path, String(count), String(DIMENSION)])
  return Number(stdout) / 1024
}
