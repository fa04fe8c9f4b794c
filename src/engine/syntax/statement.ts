/**
 * The tree of a parsed statement: plain read-only nodes, each with its `kind` and where it stands in the text.
 * The grammar is in docs/language.md.
 */

/** Offsets into the text in UTF-16 units, end excluded. */
export interface Span {
  readonly start: number
  readonly end: number
}

export type Statement = Explain | Query

export interface Explain extends Span {
  readonly kind: 'explain'
  readonly analyze: boolean
  readonly query: Query
}

export type Query = Predict | Select | Nearest | Show | Describe

export interface Predict extends Span {
  readonly kind: 'predict'
  readonly items: Items
  readonly times: Times
  readonly entities: Entities
  readonly source: Identifier | undefined
  readonly where: Expression | undefined
  readonly context: ContextClause | undefined
  readonly using: Using | undefined
  readonly options: readonly Option[]
  readonly order: readonly OrderKey[]
  readonly limit: Limit | undefined
}

export interface Select extends Span {
  readonly kind: 'select'
  readonly columns: Columns
  readonly source: Identifier | undefined
  readonly entities: Entities | undefined
  readonly asOf: Time | undefined
  readonly range: Range | undefined
  readonly sample: Sample | undefined
  readonly where: Expression | undefined
  readonly group: Group | undefined
  readonly order: readonly OrderKey[]
  readonly limit: Limit | undefined
}

export interface Nearest extends Span {
  readonly kind: 'nearest'
  readonly count: Count
  readonly target: Target
  /** Undefined: not written, which is AS OF LATEST. */
  readonly scope: Scope | undefined
  readonly source: Identifier | undefined
  readonly entities: Entities | undefined
  readonly where: Expression | undefined
  readonly context: ContextClause | undefined
  readonly using: Using | undefined
  readonly within: NumberLiteral | Parameter | undefined
  readonly perEntity: Count | undefined
  /** What RETURN names. */
  readonly items: Items | undefined
  readonly options: readonly Option[]
  readonly limit: Limit | undefined
}

/** To what neighbours are near. */
export type Target = VectorLiteral | Parameter | TargetEntity | Predict

/** `ENTITY v AT t` */
export interface TargetEntity extends Span {
  readonly kind: 'target-entity'
  readonly entity: Value
  readonly at: Time | undefined
}

/** Which vectors are candidates. */
export type Scope =
  | (Span & { readonly kind: 'as-of'; readonly at: Time })
  | (Span & { readonly kind: 'at'; readonly at: Time; readonly tolerance: IntervalNode | undefined })
  | (Span & { readonly kind: 'window'; readonly from: Time; readonly to: Time })
  | (Span & { readonly kind: 'predicted'; readonly at: Time })

export interface Show extends Span {
  readonly kind: 'show'
  readonly what: 'collections' | 'models' | 'predictors' | 'settings'
  readonly source: Identifier | undefined
}

export interface Describe extends Span {
  readonly kind: 'describe'
  readonly what: 'collection' | 'model' | 'entity'
  readonly name: Value | Identifier
  readonly source: Identifier | undefined
}

/** `*`, or columns of the statement's row. */
export interface Items extends Span {
  readonly kind: 'items'
  /** Undefined: `*`. */
  readonly list: readonly Item[] | undefined
}

export interface Item extends Span {
  readonly kind: 'item'
  readonly name: Identifier
  readonly alias: Identifier | undefined
}

export interface Columns extends Span {
  readonly kind: 'columns'
  /** Undefined: `*`. */
  readonly list: readonly Column[] | undefined
}

export interface Column extends Span {
  readonly kind: 'column'
  readonly expression: Expression
  readonly alias: Identifier | undefined
}

export type Times = TimeList | Grid | Horizon

export interface TimeList extends Span {
  readonly kind: 'times'
  readonly list: readonly Time[]
  /** False: one time written without parentheses; a parameter may still hold a list. */
  readonly parenthesised: boolean
}

/** `FROM a TO b STEP i` leaves out its end, `BETWEEN a AND b STEP i` includes it. */
export interface Grid extends Span {
  readonly kind: 'grid'
  readonly from: Time
  readonly to: Time
  readonly step: IntervalNode
  readonly endIncluded: boolean
}

export interface Horizon extends Span {
  readonly kind: 'horizon'
  readonly count: Count
  readonly step: IntervalNode
}

export interface Time extends Span {
  readonly kind: 'time'
  readonly base: TimeBase
  readonly shifts: readonly TimeShift[]
}

export type TimeBase = TextLiteral | NumberLiteral | Parameter | Now | Latest | First

export interface Now extends Span {
  readonly kind: 'now'
}
export interface Latest extends Span {
  readonly kind: 'latest'
}
export interface First extends Span {
  readonly kind: 'first'
}

export interface TimeShift extends Span {
  readonly kind: 'shift'
  readonly sign: 1 | -1
  readonly by: IntervalNode
}

/** `INTERVAL '1 month'`, `INTERVAL $1`, `10d`, or a parameter alone. */
export interface IntervalNode extends Span {
  readonly kind: 'interval'
  readonly value: TextLiteral | Parameter | DurationLiteral
  /** True where the word INTERVAL stands before the value. */
  readonly worded: boolean
}

/** `10d`: a number with its unit touching it. */
export interface DurationLiteral extends Span {
  readonly kind: 'duration'
  readonly amount: number
  readonly unit: 'ms' | 's' | 'm' | 'h' | 'd' | 'w'
}

export interface ContextClause extends Span {
  readonly kind: 'context'
  readonly bounds: Range
}

/** `BETWEEN a AND b`, or LAST, SINCE and UNTIL, each at most once. */
export interface Range extends Span {
  readonly kind: 'range'
  readonly between: { readonly from: Time; readonly to: Time } | undefined
  readonly last: Count | IntervalNode | undefined
  readonly since: Time | undefined
  readonly until: Time | undefined
}

/** A whole number, zero or more; in a range a parameter may also turn out to hold an interval's text. */
export type Count = NumberLiteral | Parameter

/** `SAMPLE BY 1d FILL (linear)`: one row a bucket of a grid. */
export interface Sample extends Span {
  readonly kind: 'sample'
  readonly step: IntervalNode
  /** Undefined: not written, which is 'none'. */
  readonly fill: Fill | undefined
}

/** What stands in for a bucket without observations. */
export type Fill = 'none' | 'null' | 'previous' | 'linear' | 'predict'

/** `GROUP BY entity HAVING condition` */
export interface Group extends Span {
  readonly kind: 'group'
  readonly having: Expression | undefined
}

export type Using =
  | (Span & { readonly kind: 'using-model'; readonly model: Value })
  | (Span & { readonly kind: 'using-methods'; readonly methods: readonly Identifier[] })

export interface Option extends Span {
  readonly kind: 'option'
  readonly name: Identifier
  readonly value: Value | Time
}

/** `FOR ENTITY v`, `FOR ENTITIES (v, ...)`, `FOR ENTITIES $1`, `FOR EACH ENTITY`. */
export interface Entities extends Span {
  readonly kind: 'entities'
  readonly quantity: 'one' | 'list' | 'each'
  /** One for 'one', none for 'each'. A lone parameter of 'list' holds the list. */
  readonly values: readonly Value[]
  /** 'list' written as a lone parameter. */
  readonly lone: boolean
}

export interface OrderKey extends Span {
  readonly kind: 'order-key'
  readonly expression: Expression
  readonly descending: boolean
}

export interface Limit extends Span {
  readonly kind: 'limit'
  readonly count: Count
  readonly offset: Count | undefined
}

export type Value = TextLiteral | NumberLiteral | Parameter | BooleanLiteral | NullLiteral

export interface TextLiteral extends Span {
  readonly kind: 'text'
  readonly value: string
}
export interface NumberLiteral extends Span {
  readonly kind: 'number'
  readonly value: number
}
export interface BooleanLiteral extends Span {
  readonly kind: 'boolean'
  readonly value: boolean
}
export interface NullLiteral extends Span {
  readonly kind: 'null'
}
/** `$1` has an index from 1, `:name` a name. */
export interface Parameter extends Span {
  readonly kind: 'parameter'
  readonly key: number | string
}
export interface Identifier extends Span {
  readonly kind: 'identifier'
  readonly name: string
}
/** `[0.1, -2]` */
export interface VectorLiteral extends Span {
  readonly kind: 'vector'
  readonly values: readonly number[]
}

export type Expression =
  | Value
  | VectorLiteral
  | IntervalNode
  | Now
  | ColumnReference
  | PathReference
  | Call
  | Unary
  | Binary
  | InList
  | Like
  | BetweenTest
  | NullTest

/** `entity`, `timestamp`, or any other column of the row. */
export interface ColumnReference extends Span {
  readonly kind: 'column-reference'
  readonly name: string
}

/** `payload.a.b`, `attributes."c d"`; `payload` alone is the whole value. */
export interface PathReference extends Span {
  readonly kind: 'path'
  readonly root: 'payload' | 'attributes'
  readonly names: readonly string[]
}

/** `norm(vector)`; `count(*)` has a star and no arguments. */
export interface Call extends Span {
  readonly kind: 'call'
  readonly name: Identifier
  readonly star: boolean
  readonly arguments: readonly Expression[]
}

export interface Unary extends Span {
  readonly kind: 'unary'
  readonly operator: 'not' | '-'
  readonly operand: Expression
}

export type BinaryOperator = 'or' | 'and' | '=' | '<>' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/'

export interface Binary extends Span {
  readonly kind: 'binary'
  readonly operator: BinaryOperator
  readonly left: Expression
  readonly right: Expression
}

/** `x IN (a, b)`; a lone parameter holds the list. */
export interface InList extends Span {
  readonly kind: 'in'
  readonly operand: Expression
  readonly list: readonly Expression[]
  readonly lone: boolean
  readonly negated: boolean
}

export interface Like extends Span {
  readonly kind: 'like'
  readonly operand: Expression
  readonly pattern: Expression
  readonly negated: boolean
}

export interface BetweenTest extends Span {
  readonly kind: 'between'
  readonly operand: Expression
  readonly low: Expression
  readonly high: Expression
  readonly negated: boolean
}

export interface NullTest extends Span {
  readonly kind: 'null-test'
  readonly operand: Expression
  readonly negated: boolean
}
