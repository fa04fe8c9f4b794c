export type { ModelDescription, PredictorDescription } from './analytics/index.js'
export { Collection, type CollectionStats, type EntityDescription, type ObservationInput, type TrajectoryRequest } from './collection.js'
export {
  type AnalyticsConfig,
  type AnalyticsInput,
  type Config,
  type ConfigInput,
  readConfig,
  type StorageConfig,
  type StorageInput,
} from './config.js'
export { type CollectionOptions, Database, type OpenOptions, openDatabase, type PreparedStatement } from './database.js'
export type {
  AsOfRequest,
  ConditionMembers,
  EntityTarget,
  ExplainRecord as ExplainRow,
  IntervalInput,
  NearestColumn,
  NearestRecord as NearestRow,
  NearestRequest,
  NearestScope,
  ParameterValues,
  PredictedEntities,
  PredictedRecord as PredictedRow,
  PredictedTimes,
  PredictionOptions,
  PredictionTarget,
  PredictRecord as PredictRow,
  PredictRequest,
  QueryMeta,
  QueryOptions,
  QueryResult,
  Row,
  SearchMeta,
  SelectRecord as SelectRow,
  StoredRecord as StoredRow,
  UnansweredRecord as UnansweredRow,
} from './engine/index.js'
export * from './errors.js'
export type { InsertManyOptions, InsertProgress } from './insert-stream.js'
export type { JsonObject, JsonValue } from './json.js'
export { type BuildOptions, type BuildReport, type BuildResult, buildNative, type NativeStatus } from './native/index.js'
export { type Outcome, type PredictionItem, type Predictor, REFUSAL_REASONS, type Refusal, type RefusalReason } from './prediction.js'
export type { SqlConnection } from './sql/index.js'
export type {
  AttachedConnection,
  BackupOptions,
  CollectionSettings,
  CompactOptions,
  CompactProgress,
  CompactReport,
  InsertResult,
  Metric,
  VerifyOptions,
  VerifyProblem,
  VerifyReport,
} from './storage/index.js'
export { type SalvageOptions, type SalvageReport, salvageDatabase } from './storage/index.js'
export { formatTimestamp, type Timestamp, type TimestampInput, toTimestamp } from './timestamp.js'
export type { Trajectory } from './trajectory.js'
export type { VectorInput } from './vector.js'
export type { Logger, Warning } from './warning.js'
