import type { Expression } from './statement.js'

export const AGGREGATE_NAMES: readonly string[] = ['count', 'min', 'max', 'avg', 'sum']

/** The expressions directly inside of one. */
function partsOf(node: Expression): readonly Expression[] {
  switch (node.kind) {
    case 'call':
      return node.arguments
    case 'unary':
    case 'null-test':
      return [node.operand]
    case 'binary':
      return [node.left, node.right]
    case 'in':
      return [node.operand, ...node.list]
    case 'like':
      return [node.operand, node.pattern]
    case 'between':
      return [node.operand, node.low, node.high]
    default:
      return []
  }
}

/** What AND joins: all of them must hold. */
export function conjuncts(node: Expression): readonly Expression[] {
  if (node.kind !== 'binary' || node.operator !== 'and') return [node]
  return [...conjuncts(node.left), ...conjuncts(node.right)]
}

/** Whether an aggregate stands anywhere in an expression. */
export function hasAggregate(node: Expression): boolean {
  if (node.kind === 'call' && AGGREGATE_NAMES.includes(node.name.name.toLowerCase())) return true
  return partsOf(node).some(hasAggregate)
}
