import { InvariantError } from '../errors.js'
import type { PredictionItem, Refusal } from '../prediction.js'
import { lengthOf, newest } from '../trajectory.js'
import type { Warn } from '../warning.js'
import type { ImmediateAnswer, RouteRequest } from './analytics.js'
import { warnOfFallbacks } from './fallback-warning.js'
import type { Methods } from './methods.js'
import { orderOf, type RoutingConfig } from './routing.js'

/** Asks the methods of a route one after the other, as long as they need no waiting. @param item  With one target. */
export function predictNow(
  request: RouteRequest,
  item: PredictionItem,
  { config, methods, warn }: { readonly config: RoutingConfig; readonly methods: Methods; readonly warn: Warn },
): ImmediateAnswer {
  const { order, reason, settings } = orderOf(request, { config, methods })
  const known = newest(item.context, settings.context ?? lengthOf(item.context))
  const tried: string[] = []
  let firstRefusal: Refusal | undefined
  for (const [method] of order) {
    if (tried.includes(method)) continue
    const predictor = methods.builtIn(method)
    if (predictor === undefined) return { kind: 'waits', method, reason: tried.length === 0 ? reason : `the fallback of "${tried[0]}"` }
    tried.push(method)
    const context = newest(known, predictor.context.max ?? lengthOf(known))
    const [outcome] = predictor.predictNow({ ...item, context })
    if (outcome === undefined) throw new InvariantError(`"${method}" gave no outcome to a target`)
    if (outcome.kind === 'vector') {
      const answer = { vector: outcome.vector, method, model: undefined, contextCount: lengthOf(context), firstRefusal }
      warnOfFallbacks([[answer]], { steps: [{ method: tried[0]! }] }, request.collection, warn)
      return { kind: 'answered', answer }
    }
    firstRefusal ??= outcome
  }
  if (firstRefusal === undefined) throw new InvariantError('a route has no methods')
  return { kind: 'refused', tried, refusal: firstRefusal }
}
