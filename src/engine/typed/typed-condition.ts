import { ArgumentError, described } from '../../errors.js'
import type { ParameterValues } from '../expression/parameters.js'
import { parseCondition } from '../syntax/parse-condition.js'
import type { Expression } from '../syntax/statement.js'

/** WHERE of a typed request. */
export type ConditionMembers = {
  /** A condition in the words of the language, such as `attributes.topic = $1`. Errors point into this text. */
  readonly where?: string | undefined
  /** The values of its parameters: a list for `$1`, `$2`, or an object for `:name`. */
  readonly parameters?: ParameterValues | undefined
}

export const CONDITION_MEMBERS: readonly string[] = ['where', 'parameters']

/** @throws {ArgumentError | QuerySyntaxError | QueryLimitError} */
export function conditionOf({ where, parameters }: ConditionMembers): Expression | undefined {
  if (where === undefined) {
    if (parameters !== undefined) throw new ArgumentError('parameters', 'absent without where', described(parameters))
    return undefined
  }
  if (typeof where !== 'string') throw new ArgumentError('where', `a condition as text, such as "attributes.topic = 'oil'"`, described(where))
  return parseCondition(where)
}
