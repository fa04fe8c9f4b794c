import type { Ratio, Spread } from './measure.ts'

/** One line of the report: what was measured against what, and what it may be. */
export interface Finding {
  readonly work: string
  readonly against: string
  readonly budget: string
  readonly ratio: string
  /** The same by processor time, which other work on the machine disturbs less. */
  readonly cpu?: string
  /** Absent where there is no budget. */
  readonly holds?: boolean
  readonly detail: string
}

/** `full` is what docs/benchmarks.md keeps; `quick` shows in seconds that a suite runs, and its ratios say nothing. */
export type Scale = 'full' | 'quick'

export interface Suite {
  readonly name: string
  run(scale: Scale): Promise<Finding[]>
}

/** What a ratio may be. */
export interface Budget {
  readonly words: string
  holds(ratio: number): boolean
}

export function atLeast(ratio: number, goal?: number): Budget {
  return { words: `at least ${ratio}${goal === undefined ? '' : `, goal ${goal}`}`, holds: (measured) => measured >= ratio }
}

export function atMost(ratio: number): Budget {
  return { words: `at most ${ratio}`, holds: (measured) => measured <= ratio }
}

/** A line made of a paired measurement. Its budget speaks of the median of elapsed time. */
export function finding(work: string, against: string, ratio: Ratio, detail: string, budget?: Budget): Finding {
  const line = { work, against, ratio: range(ratio), cpu: range(ratio.cpu), detail }
  return budget === undefined ? { ...line, budget: 'none' } : { ...line, budget: budget.words, holds: budget.holds(ratio.median) }
}

export function range({ median, min, max }: Spread): string {
  return `${digits(median)} (${digits(min)} to ${digits(max)})`
}

function digits(ratio: number): string {
  return ratio >= 20 ? ratio.toFixed(0) : ratio.toFixed(2)
}

/** A header and a row a finding, in Markdown, as docs/benchmarks.md keeps them. */
export const HEADER = '| work | against | budget | ratio, median (min to max) | by processor time | holds | absolute |\n|---|---|---|---|---|---|---|'

export function row({ work, against, budget, ratio, cpu = '', holds, detail }: Finding): string {
  const verdict = holds === undefined ? '' : holds ? 'yes' : '**no**'
  return `| ${work} | ${against} | ${budget} | ${ratio} | ${cpu} | ${verdict} | ${detail} |`
}
