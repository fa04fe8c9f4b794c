export type { Catalog } from './bind/bind-clauses.js'
export type { ExplainRecord } from './explain/explain.js'
export type { ParameterValues } from './expression/parameters.js'
export type { SearchMeta } from './nearest/search-meta.js'
export { noMethodAnswered } from './predict/accept-answer.js'
export { interpolate } from './predict/interpolate.js'
export type { PredictedRecord, PredictRecord, StoredRecord, UnansweredRecord } from './predict-record.js'
export { type Engine, iterate, type ParsedQuery, parseQuery, type QueryMeta, type QueryOptions, type QueryResult, run } from './query.js'
export type { Row } from './running.js'
export type { Nearest, Predict, Select } from './syntax/statement.js'
export { templateQuery } from './typed/template.js'
export type { ConditionMembers } from './typed/typed-condition.js'
export {
  type EntityTarget,
  type NearestColumn,
  type NearestRecord,
  type NearestRequest,
  type NearestScope,
  nearestStatement,
  type PredictionOptions,
  type PredictionTarget,
} from './typed/typed-nearest.js'
export { type IntervalInput, type PredictedEntities, type PredictedTimes, type PredictRequest, predictStatement } from './typed/typed-predict.js'
export { type AsOfRequest, asOfStatement, type SelectRecord } from './typed/typed-select.js'
