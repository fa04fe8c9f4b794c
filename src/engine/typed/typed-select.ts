import { toEntityId } from '../../entity.js'
import { ArgumentError, described } from '../../errors.js'
import type { JsonValue } from '../../json.js'
import { checkOptions } from '../../options.js'
import type { TimestampInput } from '../../timestamp.js'
import type { QueryOptions } from '../query.js'
import { NOWHERE } from '../syntax/query-place.js'
import type { Entities, Select } from '../syntax/statement.js'
import { CONDITION_MEMBERS, type ConditionMembers, conditionOf } from './typed-condition.js'
import { timeOrLatest } from './typed-predict.js'

/** `SELECT * ... AS OF` as an object. */
export interface AsOfRequest extends ConditionMembers, Omit<QueryOptions, 'vectors'> {
  /** Default: all of them. An unknown one is not in the answer. */
  readonly entities?: readonly string[] | undefined
}

/** An observation as SELECT answers it. */
export interface SelectRecord {
  entity: string
  /** Epoch milliseconds. */
  timestamp: number
  /** [D] */
  vector: Float32Array
  /** Epoch milliseconds: when this version was written. */
  recorded_at: number
  payload: JsonValue
}

const KNOWN = ['entities', ...CONDITION_MEMBERS, 'signal', 'timeoutMs', 'maxRows']

/** The statement `SELECT * FROM collection AS OF at`, the same tree that its text would give. */
export function asOfStatement(collection: string, at: TimestampInput | 'latest', request: AsOfRequest): Select {
  checkOptions('request', request, KNOWN)
  const { entities } = request
  return {
    kind: 'select',
    columns: { kind: 'columns', list: undefined, ...NOWHERE },
    source: { kind: 'identifier', name: collection, ...NOWHERE },
    entities: entities === undefined ? undefined : listed(entities),
    asOf: timeOrLatest(at),
    range: undefined,
    sample: undefined,
    where: conditionOf(request),
    group: undefined,
    order: [],
    limit: undefined,
    ...NOWHERE,
  }
}

export function listed(ids: readonly string[]): Entities {
  if (!Array.isArray(ids)) throw new ArgumentError('entities', 'a list of entity ids', described(ids))
  return {
    kind: 'entities',
    quantity: 'list',
    values: ids.map((id) => ({ kind: 'text', value: toEntityId(id), ...NOWHERE })),
    lone: false,
    ...NOWHERE,
  }
}
