/** One thing to time: `run` does it `calls` times. */
export interface Candidate {
  readonly name: string
  readonly calls: number
  /** Before each run, untimed. */
  prepare?(): Promise<void> | void
  run(): Promise<void> | void
}

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Of the first over the second, round by round: the machine's drift meets both alike. */
export interface Ratio extends Spread {
  /** The same of processor time, all threads of this process together. */
  readonly cpu: Spread
  /** Median time of one call, in microseconds. */
  readonly firstUs: number
  readonly secondUs: number
}

export interface Cost {
  readonly us: number
  readonly cpuUs: number
}

/** Times two candidates in turn, A B A B, after a round that does not count. */
export async function compare(first: Candidate, second: Candidate, rounds = 9): Promise<Ratio> {
  const pairs: Pair[] = []
  for (let round = -1; round < rounds; round++) {
    const pair = { first: await callCost(first), second: await callCost(second) }
    if (round >= 0) pairs.push(pair)
  }
  return ratioOf(pairs)
}

export interface Pair {
  readonly first: Cost
  readonly second: Cost
}

export function ratioOf(pairs: readonly Pair[]): Ratio {
  return {
    ...spread(pairs.map((pair) => pair.first.us / pair.second.us)),
    cpu: spread(pairs.map((pair) => pair.first.cpuUs / pair.second.cpuUs)),
    firstUs: median(pairs.map((pair) => pair.first.us)),
    secondUs: median(pairs.map((pair) => pair.second.us)),
  }
}

export async function callCost(candidate: Candidate): Promise<Cost> {
  await candidate.prepare?.()
  const cpu = process.cpuUsage()
  const start = performance.now()
  await candidate.run()
  const us = (performance.now() - start) * 1000
  const { user, system } = process.cpuUsage(cpu)
  return { us: us / candidate.calls, cpuUs: (user + system) / candidate.calls }
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}
