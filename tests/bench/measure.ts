/** One thing to time: `run` does it `calls` times. */
export interface Candidate {
  readonly name: string
  readonly calls: number
  run(): Promise<void> | void
}

export interface Ratio {
  /** Of the first over the second, round by round: the machine's drift meets both alike. */
  readonly median: number
  readonly min: number
  readonly max: number
  /** Median time of one call, in microseconds. */
  readonly firstUs: number
  readonly secondUs: number
}

/** Times two candidates in turn, A B A B, after a round that does not count. */
export async function compare(first: Candidate, second: Candidate, rounds = 9): Promise<Ratio> {
  const pairs: { readonly first: number; readonly second: number }[] = []
  for (let round = -1; round < rounds; round++) {
    const pair = { first: await callUs(first), second: await callUs(second) }
    if (round >= 0) pairs.push(pair)
  }
  const ratios = pairs.map((pair) => pair.first / pair.second)
  return {
    median: median(ratios),
    min: Math.min(...ratios),
    max: Math.max(...ratios),
    firstUs: median(pairs.map((pair) => pair.first)),
    secondUs: median(pairs.map((pair) => pair.second)),
  }
}

async function callUs({ run, calls }: Candidate): Promise<number> {
  const start = performance.now()
  await run()
  return ((performance.now() - start) / calls) * 1000
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}
