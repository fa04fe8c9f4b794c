import { types } from 'node:util'
import { described } from '../errors.js'
import { type Outcome, type PredictionItem, type Predictor, REFUSAL_REASONS, type Refusal, type RefusalReason, refused } from '../prediction.js'
import { Slice } from '../slice.js'
import { abortable, TIMER_MS_MAX } from './abortable.js'
import { copied, inParts } from './item-parts.js'

/**
 * An app's predictor, held to the contract: whatever it throws or returns becomes one outcome a target.
 *
 * It gets copies of the contexts, in parts of bounded size, and a signal that is aborted after `timeoutMs` or when the statement ends;
 * it need not listen to be left behind.
 */
export function registeredPredictor(name: string, predictor: Predictor, dimension: number, timeoutMs: number): Predictor {
  return {
    context: predictor.context,
    async predict(items, { signal }) {
      const answers: (readonly Outcome[])[] = []
      let isLate = false // then the parts that are left are not tried: each would wait as long
      for (const part of inParts(items)) {
        const answered: (readonly Outcome[])[] | undefined = isLate
          ? undefined
          : await askOnce({ name, predictor, dimension, timeoutMs }, part, signal)
        isLate = answered === undefined
        const late = refused('timeout', `Predictor "${name}" did not answer within timeout_ms (${timeoutMs}).`)
        for (const [i, item] of part.entries()) answers.push(answered?.[i] ?? allRefused(item, late))
      }
      return answers
    },
  }
}

interface Asked {
  readonly name: string
  readonly predictor: Predictor
  readonly dimension: number
  readonly timeoutMs: number
}

/** @returns undefined: it was too slow. @throws the signal's reason; nothing that the predictor does is thrown. */
async function askOnce(asked: Asked, items: readonly PredictionItem[], signal: AbortSignal): Promise<(readonly Outcome[])[] | undefined> {
  const { name, predictor, dimension, timeoutMs } = asked
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(new Error(`timeout_ms (${timeoutMs}) is over`)), Math.min(timeoutMs, TIMER_MS_MAX))
  const either = AbortSignal.any([signal, patience.signal])
  try {
    const answers: unknown = await abortable(answering(predictor, items, either), either)
    return await checkedAnswers(name, answers, items, dimension, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (patience.signal.aborted) return undefined
    const met = error instanceof Error ? `${error.name}: ${error.message}` : described(error)
    return items.map((item) => allRefused(item, refused('inference_failed', `Predictor "${name}" threw ${met}.`)))
  } finally {
    clearTimeout(timer)
  }
}

/** Async, so that what a predictor throws before its first await is a rejection like any other. */
async function answering(predictor: Predictor, items: readonly PredictionItem[], signal: AbortSignal): Promise<unknown> {
  return await predictor.predict(items.map(copied), { signal })
}

async function checkedAnswers(name: string, answers: unknown, items: readonly PredictionItem[], dimension: number, signal: AbortSignal) {
  if (!Array.isArray(answers) || answers.length !== items.length) {
    const refusal = badShape(name, `a list of ${items.length}, one entry an item`, answers)
    return items.map((item) => allRefused(item, refusal))
  }
  const slice = new Slice()
  const checked: (readonly Outcome[])[] = []
  for (const [i, item] of items.entries()) {
    checked.push(checkedItem(name, answers[i], item, dimension))
    const pause = slice.pause()
    if (pause !== undefined) await abortable(pause, signal)
  }
  return checked
}

function checkedItem(name: string, outcomes: unknown, item: PredictionItem, dimension: number): readonly Outcome[] {
  const count = item.targets.length
  if (!Array.isArray(outcomes) || outcomes.length !== count) {
    return allRefused(item, badShape(name, `a list of ${count} for an item of ${count} targets`, outcomes))
  }
  return Array.from(outcomes, (outcome: unknown) => checkedOutcome(name, outcome, dimension))
}

function checkedOutcome(name: string, outcome: unknown, dimension: number): Outcome {
  if (typeof outcome !== 'object' || outcome === null)
    return badShape(name, "{ kind: 'vector', vector } or { kind: 'refused', reason, message }", outcome)
  const { kind, vector, reason, message } = outcome as Partial<Record<'kind' | 'vector' | 'reason' | 'message', unknown>>
  if (kind === 'refused')
    return refused(
      isReason(reason) ? reason : 'inference_failed',
      `Predictor "${name}": ${typeof message === 'string' ? message : 'it refused without a word'}`,
    )
  if (kind !== 'vector') return badShape(name, "an outcome of kind 'vector' or 'refused'", kind)
  if (!types.isFloat32Array(vector)) return badShape(name, `a Float32Array of ${dimension}`, vector)
  if (vector.length !== dimension)
    return refused('bad_output_shape', `Predictor "${name}" should answer with ${dimension} numbers; it gave ${vector.length}.`)
  if (!vector.every(Number.isFinite)) return refused('non_finite_output', `Predictor "${name}" answered with NaN or Infinity.`)
  return { kind: 'vector', vector: vector.slice() }
}

function isReason(value: unknown): value is RefusalReason {
  return (REFUSAL_REASONS as readonly unknown[]).includes(value)
}

function badShape(name: string, expected: string, received: unknown): Refusal {
  return refused('bad_output_shape', `Predictor "${name}" should answer with ${expected}; it gave ${described(received)}.`)
}

function allRefused(item: PredictionItem, refusal: Refusal): Outcome[] {
  return Array.from(item.targets, () => refusal)
}
