export { noMethodAnswered } from './accept-answer.js'
export type { Catalog } from './bind-clauses.js'
export type { ExplainRecord } from './explain.js'
export { interpolate } from './interpolate.js'
export type { ParameterValues } from './parameters.js'
export type { PredictedRecord, PredictRecord, StoredRecord, UnansweredRecord } from './predict-record.js'
export { type Engine, iterate, type ParsedQuery, parseQuery, type QueryMeta, type QueryOptions, type QueryResult, run } from './query.js'
export type { Row } from './running.js'
export type { SearchMeta } from './search-meta.js'
export type { Nearest, Predict, Select } from './statement.js'
export { templateQuery } from './template.js'
export {
  type EntityTarget,
  type NearestColumn,
  type NearestRecord,
  type NearestRequest,
  type NearestScope,
  nearestStatement,
  type PredictionOptions,
  type PredictionTarget,
} from './typed-nearest.js'
export { type IntervalInput, type PredictedEntities, type PredictedTimes, type PredictRequest, predictStatement } from './typed-predict.js'
export { type AsOfRequest, asOfStatement, type SelectRecord } from './typed-select.js'
