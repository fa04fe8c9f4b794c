import type { Answer, Route } from '../../analytics/index.js'
import { InvariantError, PredictionError } from '../../errors.js'
import type { Refusal, RefusalReason } from '../../prediction.js'
import type { Context } from '../running.js'

/** What a method answered, as rows say it. */
export interface Accepted {
  readonly vector: Float32Array
  readonly method: string
  readonly model: string | null
  readonly fallbackReason: RefusalReason | null
}

/** Takes an answer, and warns once a cause where it is not the asked-for method's. @throws {PredictionError} there is none. */
export function acceptAnswer(
  entity: string,
  { vector, method, model, firstRefusal }: Answer,
  route: Route,
  { warn }: Pick<Context, 'warn'>,
): Accepted {
  if (vector === undefined || method === undefined) throw refusal(entity, firstRefusal, route)
  if (firstRefusal !== undefined) {
    const { reason, message } = firstRefusal
    warn({ code: 'PREDICTION_FALLBACK', message, reason, method })
  }
  return { vector, method, model: model ?? null, fallbackReason: firstRefusal?.reason ?? null }
}

/** Only `fallback = 'error'` leaves a target without an answer. */
function refusal(entity: string, firstRefusal: Answer['firstRefusal'], route: Route): Error {
  if (!route.failsWhenRefused || firstRefusal === undefined) return new InvariantError(`no method answered for '${entity}', and none refused`)
  return noMethodAnswered(
    entity,
    firstRefusal,
    route.steps.map(({ method }) => method),
  )
}

export function noMethodAnswered(entity: string, { reason, message }: Refusal, tried: readonly string[]): PredictionError {
  const claim = `No method answered for entity '${entity}' (tried: ${tried.join(', ')}), and fallback = 'error' asks to be told.`
  return new PredictionError(reason, entity, `${claim} ${message}`)
}
