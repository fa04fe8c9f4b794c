import { InvariantError } from '../errors.js'
import { type Outcome, type PredictionItem, type Refusal, refused } from '../prediction.js'
import { Slice } from '../slice.js'
import { lengthOf, newest } from '../trajectory.js'
import { abortable } from './abortable.js'
import type { Answer, RouteStep } from './analytics.js'

/** The targets of one item that no step has answered yet. */
interface Open {
  readonly item: PredictionItem
  /** Filled while steps answer, in the order of the item's targets. */
  readonly answers: (Answer | undefined)[]
  readonly positions: readonly number[]
  readonly firstRefusals: readonly Refusal[]
}

/**
 * Asks each step in turn for the targets that are still open. The first refusal of a target stays with its answer.
 *
 * @returns one list an item, in it one answer a target. One call of a predictor a step, however many items there are.
 */
export async function predictInOrder(
  steps: readonly RouteStep[],
  items: readonly PredictionItem[],
  signal: AbortSignal,
): Promise<readonly (readonly Answer[])[]> {
  const slice = new Slice()
  const answers = items.map(({ targets }) => new Array<Answer | undefined>(targets.length).fill(undefined))
  let open = items.map((item, i): Open => ({ item, answers: answers[i]!, positions: [...item.targets.keys()], firstRefusals: [] }))
  for (const step of steps) {
    if (open.length === 0) break
    const outcomes = await ask(step, open, signal)
    const left: Open[] = []
    for (const [i, asked] of open.entries()) {
      const rest = record(asked, step, outcomes[i]!)
      if (rest !== undefined) left.push(rest)
      const pause = slice.pause()
      if (pause !== undefined) await abortable(pause, signal)
    }
    open = left
  }
  for (const { answers, positions, firstRefusals } of open) {
    for (const [i, k] of positions.entries()) answers[k] = unanswered(firstRefusals[i])
  }
  return answers as Answer[][]
}

/** @returns one list an open item, whatever the predictor is: what the step refuses unasked is filled in. */
async function ask(step: RouteStep, open: readonly Open[], signal: AbortSignal): Promise<readonly (readonly Outcome[])[]> {
  const { shut, predictor, method } = step
  if (shut !== undefined) {
    const refusal = refused(shut.reason, shut.message)
    return open.map(({ positions }) => positions.map(() => refusal))
  }
  const { min, max = Number.POSITIVE_INFINITY } = predictor.context
  const able = open.filter(({ item }) => lengthOf(item.context) >= min)
  const outcomes =
    able.length === 0
      ? []
      : await predictor.predict(
          able.map((asked) => narrowed(asked, max)),
          { signal },
        )
  if (outcomes.length !== able.length) throw new InvariantError(`"${method}" gave ${outcomes.length} answers to ${able.length} items`)
  if (able.length === open.length) return outcomes
  let next = 0
  return open.map(({ item, positions }) => {
    const length = lengthOf(item.context)
    if (length >= min) return outcomes[next++]!
    return positions.map(() =>
      refused('too_few_observations', `"${method}" needs at least ${min} observations, and there ${length === 1 ? 'is' : 'are'} ${length}.`),
    )
  })
}

/** What a step is given: its newest observations, and the targets that are still open. */
function narrowed({ item, positions }: Open, max: number): PredictionItem {
  const { entity, context, targets } = item
  if (lengthOf(context) <= max && positions.length === targets.length) return item
  return {
    entity,
    context: newest(context, max),
    targets: positions.length === targets.length ? targets : Float64Array.from(positions, (k) => targets[k]!),
  }
}

/** @returns what is still open of the item; undefined when nothing is. */
function record(asked: Open, step: RouteStep, outcomes: readonly Outcome[]): Open | undefined {
  const { item, answers, positions, firstRefusals } = asked
  if (outcomes.length !== positions.length)
    throw new InvariantError(`"${step.method}" gave ${outcomes.length} outcomes to ${positions.length} targets`)
  const left: number[] = []
  const refusals: Refusal[] = []
  const contextCount = Math.min(lengthOf(item.context), step.predictor.context.max ?? Number.POSITIVE_INFINITY)
  for (const [i, outcome] of outcomes.entries()) {
    const firstRefusal = firstRefusals[i]
    if (outcome.kind === 'vector') {
      answers[positions[i]!] = { vector: outcome.vector, method: step.method, model: step.model?.name, contextCount, firstRefusal }
    } else {
      left.push(positions[i]!)
      refusals.push(firstRefusal ?? outcome)
    }
  }
  return left.length === 0 ? undefined : { item, answers, positions: left, firstRefusals: refusals }
}

function unanswered(firstRefusal: Refusal | undefined): Answer {
  return { vector: undefined, method: undefined, model: undefined, contextCount: 0, firstRefusal }
}
