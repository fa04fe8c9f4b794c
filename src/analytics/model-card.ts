import { described, InvalidAttributesError } from '../errors.js'
import { JSON_TEXT_MAX, type JsonObject, toJsonText } from '../json.js'
import { DIMENSION_MAX } from '../vector.js'
import { invalid } from './model-refusal.js'

/** The longest context that a card or a statement may ask for. */
export const CONTEXT_MAX = 4096

/** How a model wants its times. docs/model-contract.md has the formulas. */
export type TimeScheme = { readonly scheme: 'unit' } | { readonly scheme: 'from_last'; readonly scaleMs: number }

/** What a model says of itself in the extra file `chronode.json`. What it leaves out is as in a file without a card. */
export interface ModelCard {
  /** Undefined: any. */
  readonly dimension: number | undefined
  readonly context: number | undefined
  readonly time: TimeScheme
  readonly targets: 'one' | 'many'
  /** The whole card, as it was written; undefined: there is none. */
  readonly json: JsonObject | undefined
}

/** The card of a `.pt` without one. */
export const NO_CARD: ModelCard = { dimension: undefined, context: undefined, time: { scheme: 'unit' }, targets: 'one', json: undefined }

/** @throws {ModelRefusal} `model_invalid`, naming the member. Members that we do not know are kept, and shown. */
export function readModelCard(bytes: Uint8Array): ModelCard {
  const json = parse(bytes)
  if (json['format'] !== 1) throw bad('format', '1', json['format'])
  const { architecture, metrics } = json as { architecture?: unknown; metrics?: unknown }
  if (architecture !== undefined && typeof architecture !== 'string') throw bad('architecture', 'text such as "latent-ode/1"', architecture)
  if (metrics !== undefined && !isObject(metrics)) throw bad('metrics', 'an object', metrics)
  return {
    dimension: wholeNumber(json, 'dimension', DIMENSION_MAX),
    context: wholeNumber(json, 'context', CONTEXT_MAX),
    time: timeScheme(json['time']),
    targets: targetCount(json['targets']),
    json,
  }
}

function parse(bytes: Uint8Array): JsonObject {
  let value: unknown
  try {
    if (bytes.length > JSON_TEXT_MAX) throw new RangeError(`it has ${bytes.length} bytes, and may have ${JSON_TEXT_MAX}`)
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (!isObject(value)) throw new TypeError(`it is ${described(value)}`)
    toJsonText(value, 'attributes') // its limits on depth and on text hold here, too
  } catch (error) {
    const isExpected =
      error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError || error instanceof InvalidAttributesError
    if (!isExpected) throw error
    throw invalid(`The model card chronode.json should be a JSON object: ${error.message}.`)
  }
  return value
}

function wholeNumber(card: JsonObject, member: 'dimension' | 'context', max: number): number | undefined {
  const value = card[member]
  if (value === undefined) return undefined
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return value
  throw bad(member, `a whole number from 1 to ${max}`, value)
}

function timeScheme(time: unknown): TimeScheme {
  if (time === undefined) return NO_CARD.time
  if (!isObject(time)) throw bad('time', 'an object with a scheme', time)
  const { scheme, scale_ms: scaleMs } = time
  if (scheme === 'unit') return { scheme }
  if (scheme !== 'from_last') throw bad('time.scheme', '"unit" or "from_last"', scheme)
  if (typeof scaleMs !== 'number' || !Number.isFinite(scaleMs) || scaleMs <= 0)
    throw bad('time.scale_ms', 'a number of milliseconds above 0', scaleMs)
  return { scheme, scaleMs }
}

function targetCount(targets: unknown): 'one' | 'many' {
  if (targets === undefined) return NO_CARD.targets
  if (targets === 'one' || targets === 'many') return targets
  throw bad('targets', '"one" or "many"', targets)
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function bad(member: string, expected: string, received: unknown) {
  return invalid(`"${member}" of the model card chronode.json should be ${expected}; it is ${described(received)}.`)
}
