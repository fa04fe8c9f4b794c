import { isDate } from 'node:util/types'

/** The base of every error that Chronode throws. `code` is stable; words may change. */
export abstract class DatabaseError extends Error {
  abstract readonly code: string

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** Where in a query something is wrong: line and column from 1, and a frame that points at it. */
export interface QueryPlace {
  readonly line: number
  readonly column: number
  readonly frame: string
  readonly suggestions: readonly string[]
}

/** A query that cannot be answered as it is written. The message ends with the frame, which is empty where a typed method asked, but for its `where`. */
export abstract class QueryError extends DatabaseError implements QueryPlace {
  readonly line: number
  readonly column: number
  readonly frame: string
  readonly suggestions: readonly string[]

  constructor(message: string, place: QueryPlace, options?: ErrorOptions) {
    super(place.frame === '' ? message : `${message}\n\n${place.frame}`, options)
    this.line = place.line
    this.column = place.column
    this.frame = place.frame
    this.suggestions = place.suggestions
  }
}

export class QuerySyntaxError extends QueryError {
  readonly code = 'QUERY_SYNTAX'
}

/** An identifier of a query that names nothing: a collection, column, method, option or function. */
export class QueryNameError extends QueryError {
  readonly code = 'QUERY_UNKNOWN_NAME'
}

/** A value of the wrong kind, in a literal or a parameter. */
export class QueryTypeError extends QueryError {
  readonly code = 'QUERY_TYPE'
}

/** A parameter that is missing, or one that the query does not use. */
export class QueryParameterError extends QueryError {
  readonly code = 'QUERY_PARAMETER'
}

/** A statement that would exceed a limit. Nothing of it was cut short silently. A limit of the text carries its place, too. */
export class QueryLimitError extends DatabaseError {
  readonly code = 'QUERY_LIMIT'
  readonly line: number | undefined
  readonly column: number | undefined
  readonly frame: string | undefined

  constructor(
    message: string,
    readonly limit: number,
    readonly estimate: number | undefined,
    place?: QueryPlace,
  ) {
    super(place === undefined ? message : `${message}\n\n${place.frame}`)
    this.line = place?.line
    this.column = place?.column
    this.frame = place?.frame
  }
}

/** A statement that was ended by its time limit, its signal, `close()`, or the end of the app's transaction that it was reading in. */
export class QueryStoppedError extends DatabaseError {
  constructor(
    readonly code: 'QUERY_TIMEOUT' | 'QUERY_ABORTED',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** Where in a batch of observations something is wrong. */
export interface BatchPlace {
  readonly collection: string
  /** Position in the batch, from 0; of a stream, in the stream. */
  readonly index: number
  /** It came by insertMany: the batches before its own are written. */
  readonly isStream?: boolean | undefined
}

const STREAM_KEPT = 'The batches before its own are written, its own is not.'

/** Text that names a place in a batch, and says that nothing of it was written. */
function placed(place: BatchPlace | undefined, claim: string): string {
  if (place === undefined) return claim
  if (place.isStream === true) return `Item ${place.index} of this stream for collection "${place.collection}": ${claim} ${STREAM_KEPT}`
  return `Item ${place.index} of this batch for collection "${place.collection}": ${claim} Nothing of the batch was written.`
}

/** A value of a batch, or of another write, that cannot be stored. */
export abstract class InputError extends DatabaseError {
  readonly collection: string | undefined
  /** Position in the batch, from 0. */
  readonly index: number | undefined

  constructor(
    claim: string,
    readonly expected: string,
    readonly received: string,
    place?: BatchPlace,
  ) {
    super(placed(place, claim))
    this.collection = place?.collection
    this.index = place?.index
  }
}

export class InvalidVectorError extends InputError {
  constructor(
    readonly code: 'VECTOR_INVALID' | 'VECTOR_NOT_FINITE',
    claim: string,
    expected: string,
    received: string,
    place?: BatchPlace,
  ) {
    super(claim, expected, received, place)
  }
}

/** A vector whose length differs from the one its collection was created with. */
export class DimensionError extends DatabaseError {
  readonly code = 'DIMENSION_MISMATCH'

  constructor(
    readonly collection: string,
    readonly index: number | undefined,
    readonly expected: number,
    readonly received: number,
    isStream = false,
  ) {
    const kept = isStream
      ? `item ${index} of this stream has ${received}. ${STREAM_KEPT}`
      : `item ${index} of this batch has ${received}. Nothing was written.`
    const met = index === undefined ? `this one has ${received}.` : kept
    super(
      `Collection "${collection}" stores vectors of ${expected} numbers; ${met} ` +
        `Embed it with the model that filled "${collection}", or create a second collection for it.`,
    )
  }
}

export class InvalidTimestampError extends InputError {
  readonly code = 'TIMESTAMP_INVALID'
}

export class InvalidEntityError extends InputError {
  readonly code = 'ENTITY_INVALID'
}

/** Attributes of an entity, or a payload of an observation, that JSON cannot hold. */
export class InvalidAttributesError extends InputError {
  readonly code = 'ATTRIBUTES_INVALID'
}

/** A name that was given and that nothing bears. From a query it carries its place, too. */
export class NotFoundError extends DatabaseError {
  readonly code = 'NOT_FOUND'
  readonly line: number | undefined
  readonly column: number | undefined
  readonly frame: string | undefined
  readonly suggestions: readonly string[]

  constructor(
    readonly kind: 'collection' | 'entity' | 'model' | 'predictor' | 'attribute',
    /** What was asked for. `name` is the class, as on every Error. */
    readonly wanted: string,
    message: string,
    place?: Partial<QueryPlace>,
  ) {
    super(place?.frame === undefined ? message : `${message}\n\n${place.frame}`)
    this.line = place?.line
    this.column = place?.column
    this.frame = place?.frame
    this.suggestions = place?.suggestions ?? []
  }
}

export class CollectionExistsError extends DatabaseError {
  readonly code = 'COLLECTION_EXISTS'

  constructor(
    readonly collection: string,
    readonly existing: string,
    readonly requested: string,
  ) {
    super(
      `Collection "${collection}" exists with ${existing}, and was asked for with ${requested}. ` +
        `Its settings cannot change. Use it as it is, choose another name, or drop it first.`,
    )
  }
}

export class DatabaseClosedError extends DatabaseError {
  readonly code = 'DATABASE_CLOSED'

  constructor(message = 'This database is closed. Open it again with openDatabase().') {
    super(message)
  }
}

/** An argument of the typed API that is not what it should be. */
export class ArgumentError extends DatabaseError {
  readonly code = 'ARGUMENT_INVALID'

  constructor(
    readonly argument: string,
    readonly expected: string,
    readonly received: string,
    advice?: string,
  ) {
    super(`"${argument}" should be ${expected}; it is ${received}.${advice === undefined ? '' : ` ${advice}`}`)
  }
}

/** No method answered, and `fallback = 'error'` asked to be told. `reason` is one of docs/language.md. */
export class PredictionError extends DatabaseError {
  readonly code = 'PREDICTION_REFUSED'

  constructor(
    readonly reason: string,
    readonly entity: string,
    message: string,
  ) {
    super(message)
  }
}

export interface ConfigIssue {
  /** Dotted key path, as in the file. Empty: the file as a whole. */
  readonly path: string
  readonly expected: string
  readonly received: string
  /** What may have been meant. */
  readonly suggestion?: string
  /** Of a syntax error, from 1. */
  readonly line?: number
  readonly column?: number
}

export class ConfigError extends DatabaseError {
  readonly code = 'CONFIG_INVALID'

  constructor(
    readonly file: string,
    readonly issues: readonly ConfigIssue[],
    options?: ErrorOptions,
  ) {
    super(`${file} cannot be used:\n${issues.map(issueLine).join('\n')}`, options)
  }
}

function issueLine({ path, expected, received, suggestion, line, column }: ConfigIssue): string {
  const place = line === undefined ? path : `line ${line}, column ${column}`
  const advice = suggestion === undefined ? '' : ` (did you mean "${suggestion}"?)`
  return `  ${place === '' ? '' : `${place}: `}expected ${expected}, found ${received}${advice}`
}

/** Native code was demanded and is not there. */
export class NativeUnavailableError extends DatabaseError {
  readonly code = 'NATIVE_UNAVAILABLE'

  constructor(
    readonly reason: string,
    readonly pathTried: string | undefined,
    readonly remedies: readonly string[],
  ) {
    super(`${reason}${remedies.map((remedy) => `\n  ${remedy}`).join('')}`)
  }
}

export type StorageErrorCode =
  | 'STORAGE_BUSY'
  | 'STORAGE_CORRUPT'
  | 'STORAGE_FULL'
  | 'STORAGE_READ_ONLY'
  | 'STORAGE_UNREACHABLE'
  | 'STORAGE_NOT_A_DATABASE'
  | 'STORAGE_NEWER_SCHEMA'
  | 'STORAGE_MIGRATION_NEEDED'

/** The file, its disk, or another process's use of it. SQLite's own error is the `cause`. */
export class StorageError extends DatabaseError {
  constructor(
    readonly code: StorageErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** A claim of ours that does not hold: a bug of Chronode. */
export class InvariantError extends DatabaseError {
  readonly code = 'BUG'

  constructor(readonly claim: string) {
    super(`Chronode is wrong about itself: ${claim}. Please report this with the statement that led here.`)
  }
}

/** A case that the types say cannot be reached. */
export function unreachable(value: never): never {
  throw new InvariantError(`nothing handles ${described((value as { kind?: unknown } | undefined)?.kind ?? value)}`)
}

/** A value in words, short enough for an error message. */
export function described(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name}`
  switch (typeof value) {
    case 'string':
      return `'${shortened(value.slice(0, SHOWN_MAX + 1).replace(/\p{Cc}/gu, escaped))}'`
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value)
    case 'bigint':
      return `the BigInt ${shortened(`${value}n`)}`
    case 'object':
      return isDate(value) ? `the Date ${Number.isNaN(value.getTime()) ? '(invalid)' : value.toISOString()}` : kindOf(value)
    default:
      return `a ${typeof value}`
  }
}

/** `an object`, `a Map`, `an ArrayBuffer`, `a String object`, ... */
function kindOf(value: object): string {
  const tag = Object.prototype.toString.call(value).slice('[object '.length, -1)
  if (tag === 'Object' || !/^[A-Z]\w{0,30}$/.test(tag)) return 'an object'
  return `${/^[AEIO]/.test(tag) ? 'an' : 'a'} ${tag}${WRAPPERS.has(tag) ? ' object' : ''}`
}

/** Objects that are easily taken for what they hold. */
const WRAPPERS: ReadonlySet<string> = new Set(['String', 'Number', 'Boolean', 'BigInt', 'Symbol'])
const SHOWN_MAX = 60

function shortened(text: string): string {
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX - 3)}...` : text
}

/** Control characters would tear a message apart, or write to the reader's terminal. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
